import { clusterRouter } from '@ovnkit/cni-api'
import { macFromIp } from '@ovnkit/inet'
import { allowPolicy, equals, logicalSwitch, type OvnRow, routerAttachment, routerPort } from '@ovnkit/ovn'
import { type Network, switchName } from '../subnet/network.ts'
import { ipFields, policyPriority, routerPolicies, routerPorts, switchKey } from './layout.ts'

/**
 * A network's switch and its way to the router. Names of router ports come from the gateway, not from the Subnet: when a Subnet takes another one's place
 * the switch changes its name and nothing else, and no packet is lost. A switch of ZStack's is left as it is.
 */
export function networkRows(network: Network): OvnRow[] {
  const [gateway] = network.gateways
  if (gateway === undefined || network.externalSwitch !== undefined) return []
  const key = switchKey(network.key)
  const port = `${clusterRouter}-${gateway}`
  return [
    logicalSwitch({
      key,
      name: switchName(network),
      ranges: network.ranges,
      exclude: network.exclude,
      externalIds: { 'zstack.io/subnet': network.subnet },
    }),
    routerPort({
      key: port,
      name: port,
      router: routerPorts,
      mac: macFromIp(gateway),
      networks: network.ranges.map((range, i) => `${network.gateways[i]}/${range.prefixLength}`),
    }),
    routerAttachment({
      key: `${gateway}-${clusterRouter}`,
      name: `${gateway}-${clusterRouter}`,
      switch: { table: 'Logical_Switch', key, column: 'ports' },
      routerPort: port,
    }),
    ...network.ranges.map(range =>
      allowPolicy({
        key: `inside/${range.text}`,
        router: routerPolicies,
        priority: policyPriority.inside,
        match: equals(ipFields[range.family].dst, range.text),
      }),
    ),
  ]
}
