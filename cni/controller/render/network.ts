import { clusterRouter } from '@ovnkit/cni-api'
import { macFromIp } from '@ovnkit/inet'
import { allowPolicy, equals, logicalSwitch, type OvnRow, routerAttachment, routerPort } from '@ovnkit/ovn'
import { admittedIds, isOverlay, type Network, switchName } from '../subnet/network.ts'
import { routerAdvertisements } from './dhcp.ts'
import { ipFields, policyPriority, routerPolicies, routerPorts, switchKey, switchOf } from './layout.ts'
import { providerRows } from './provider.ts'
import { recordOf } from './record.ts'

/**
 * A network's switch and its way to the router. Names of router ports come from the gateway, not from the Subnet: when a Subnet takes another one's place
 * the switch changes its name and nothing else, and no packet is lost. A switch of ZStack's is left as it is: it gets a port.
 */
export function networkRows(network: Network): OvnRow[] {
  const [gateway] = network.gateways
  if (gateway === undefined) return []
  return [
    ...(network.externalSwitch === undefined ? [ownSwitch(network)] : []),
    ...providerRows(network),
    ...routerRows(network, gateway),
    ...(isOverlay(network) ? insidePolicies(network) : []),
  ]
}

function ownSwitch(network: Network): OvnRow {
  return logicalSwitch({
    key: switchKey(network.key),
    name: switchName(network),
    ranges: network.ranges,
    exclude: network.exclude,
    externalIds: { 'zstack.io/subnet': network.subnet },
  })
}

/** Our router has the gateway's addresses, or, where those are somebody else's, addresses of its own. */
function routerRows(network: Network, gateway: string): OvnRow[] {
  const addresses = isOverlay(network) ? network.gateways : (network.interconnect ?? [])
  const [first] = addresses
  if (first === undefined) return []
  const port = `${clusterRouter}-${gateway}`
  return [
    routerPort({
      key: port,
      name: port,
      router: routerPorts,
      mac: macFromIp(first),
      networks: network.ranges.map((range, i) => `${addresses[i]}/${range.prefixLength}`),
      advertisements: routerAdvertisements(network),
      externalIds: { ...recordOf(network), ...admittedIds(network) },
    }),
    routerAttachment({
      key: `${gateway}-${clusterRouter}`,
      name: `${gateway}-${clusterRouter}`,
      switch: switchOf(network, 'ports'),
      routerPort: port,
    }),
  ]
}

function insidePolicies(network: Network): OvnRow[] {
  return network.ranges.map(range =>
    allowPolicy({
      key: `inside/${range.text}`,
      router: routerPolicies,
      priority: policyPriority.inside,
      match: equals(ipFields[range.family].dst, range.text),
    }),
  )
}
