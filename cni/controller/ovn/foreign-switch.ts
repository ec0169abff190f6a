import { externalIds, managedBy } from '@ovnkit/cni-api'
import { type Cidr, InetError, type IpAddress, parseCidr, tryParseIp } from '@ovnkit/inet'
import { type NbRow, portAddresses } from '@ovnkit/ovn'
import type { ForeignSwitch } from '../subnet/placement.ts'
import { type Identity, isOurs } from './identity.ts'
import type { Northbound } from './northbound.ts'

/** What a switch that is not ours says of itself, by its name; undefined when there is none. */
export function foreignSwitch(nb: Northbound, name: string, identity: Identity): ForeignSwitch | undefined {
  const row = nb.table('Logical_Switch').by('byName', name)
  if (row === undefined) return undefined
  const ports = [...row.ports].flatMap(uuid => nb.table('Logical_Switch_Port').get(uuid) ?? [])
  const foreign = ports.filter(port => !isOurs(identity, port.external_ids))
  // Another cluster's router is no gateway: it has a port as ours does.
  const routers = foreign.filter(port => port.external_ids.get(externalIds.managedBy) !== managedBy)
  const gateways = routers.flatMap(port => routerAddresses(nb, port))
  const used = foreign.flatMap(port => addressesOf(nb, port))
  return {
    ranges: rangesOf(row),
    gateways,
    used: new Set(used),
    cluster: clusterOf(row),
  }
}

/** Every address that a port uses: its own, those that OVN gave it, and those of the router that it leads to. */
export function addressesOf(nb: Northbound, port: NbRow<'Logical_Switch_Port'>): IpAddress[] {
  const own = portAddresses({ addresses: port.addresses, dynamic: port.dynamic_addresses })
  return [...own, ...routerAddresses(nb, port).map(({ ip }) => ip)]
}

/** Calls back when switches or routers that are not ours change in what a Subnet must agree with. */
export function followForeignSwitches(nb: Northbound, changed: () => void): Disposable {
  return nb.onBatch(batch => {
    const switches = batch.table('Logical_Switch')
    const renamed = switches?.updated.some(({ columns }) => columns.has('name') || columns.has('other_config'))
    const ports = batch.table('Logical_Switch_Port')
    const router = [...(ports?.inserted ?? []), ...(ports?.deleted ?? [])].some(({ type }) => type === 'router')
    const appeared = [...(switches?.inserted ?? []), ...(switches?.deleted ?? [])].length > 0
    if (renamed || appeared || router || batch.table('Logical_Router_Port') !== undefined) changed()
  })
}

/** Addresses, with their networks, of the router that a port leads to; none for other ports. */
export function routerAddresses(
  nb: Northbound,
  port: Pick<NbRow<'Logical_Switch_Port'>, 'type' | 'options'>,
): { ip: IpAddress; network: Cidr }[] {
  if (port.type !== 'router') return []
  const router = nb.table('Logical_Router_Port').by('byName', port.options.get('router-port') ?? '')
  return [...(router?.networks ?? [])].flatMap(text => {
    const ip = tryParseIp(text.split('/')[0] ?? '')
    const network = tryCidr(text)
    return ip === undefined || network === undefined ? [] : [{ ip, network }]
  })
}

function rangesOf({ other_config: config }: NbRow<'Logical_Switch'>): Cidr[] {
  const prefix = config.get('ipv6_prefix')
  const texts = [config.get('subnet'), prefix && `${prefix.split('/')[0]}/64`]
  return texts.flatMap(text => (text && tryCidr(text)) || [])
}

function clusterOf({ external_ids: ids }: NbRow<'Logical_Switch'>): string | undefined {
  if (ids.get(externalIds.managedBy) !== managedBy) return undefined
  return ids.get(externalIds.owner) ?? managedBy
}

function tryCidr(text: string): Cidr | undefined {
  try {
    return parseCidr(text, { hostBits: 'mask' })
  } catch (error) {
    if (error instanceof InetError) return undefined
    throw error
  }
}
