import { externalIds, type OvnNames, podPortName } from '@ovnkit/cni-api'
import { type Cidr, parseCidr, tryParseIp } from '@ovnkit/inet'
import { portAddresses } from '@ovnkit/ovn'
import type { KnownPort } from '../ipam/restore.ts'
import { readRecord } from '../render/record.ts'
import { type Network, readAdmitted } from '../subnet/network.ts'
import { type Identity, isOurs } from './identity.ts'
import type { Northbound } from './northbound.ts'
import type { PortClaims } from './port-claims.ts'

/** What the databases tell of a life before this process. */

/** The network in the mark of one of its rows. */
export function networkOfOwner(owner: string | undefined): string | undefined {
  const prefix = 'network/'
  return owner?.startsWith(prefix) ? owner.slice(prefix.length) : undefined
}

/** The networks whose router ports are in the Northbound database with our mark. */
export function knownNetworks(nb: Northbound, identity: Identity): Network[] {
  const switches = [...nb.table('Logical_Switch').rows()].filter(({ external_ids: ids }) => isOurs(identity, ids))
  const subnets = new Map(
    switches.map(({ external_ids: ids }) => [ids.get(externalIds.owner), ids.get('zstack.io/subnet') ?? '']),
  )
  const networks: Network[] = []
  for (const port of nb.table('Logical_Router_Port').rows()) {
    const owner = port.external_ids.get(externalIds.owner)
    const key = networkOfOwner(owner)
    if (key === undefined || !isOurs(identity, port.external_ids)) continue
    const ranges = key.split(',').map(text => parseCidr(text))
    const network = readRecord(key, ranges, port) ?? overlayOf(key, ranges, port.networks, subnets.get(owner) ?? '')
    if (network.gateways.length === ranges.length)
      networks.push({ ...network, admits: readAdmitted(port.external_ids) })
  }
  return networks
}

function overlayOf(key: string, ranges: readonly Cidr[], networks: Iterable<string>, subnet: string): Network {
  const gateways = [...networks].flatMap(text => tryParseIp(text.split('/')[0] ?? '') ?? [])
  return {
    key,
    subnet,
    ranges,
    gateways: gateways.sort((a, b) => Number(a.includes(':')) - Number(b.includes(':'))),
    exclude: [],
    services: true,
    dhcp: false,
  }
}

/** The ports of pods in the Northbound database with our mark. */
export function knownPorts(nb: Northbound, identity: Identity): KnownPort[] {
  const ports: KnownPort[] = []
  for (const row of nb.table('Logical_Switch_Port').rows()) {
    const ids = row.external_ids
    const uid = ids.get(externalIds.podUid)
    if (uid === undefined || !isOurs(identity, ids)) continue
    ports.push({
      namespace: ids.get(externalIds.namespace) ?? '',
      pod: ids.get(externalIds.pod) ?? '',
      uid,
      name: row.name,
      addresses: portAddresses(row),
    })
  }
  return ports
}

/** Bindings that a chassis claims although the port is no longer in the Northbound database: pods' ports by the form of their names. */
export function leftClaims(nb: Northbound, claims: PortClaims, names: OvnNames): KnownPort[] {
  const left: KnownPort[] = []
  for (const { port, addresses } of claims.all()) {
    const [namespace, pod, ...more] = port.slice(names.of('').length).split('_')
    if (namespace === undefined || pod === undefined || more.length > 0) continue
    if (names.of(podPortName(namespace, pod)) !== port) continue
    if (nb.table('Logical_Switch_Port').by('byName', port) !== undefined) continue
    left.push({ namespace, pod, uid: '', name: port, addresses: addresses.flatMap(word => tryParseIp(word) ?? []) })
  }
  return left
}
