import { type Cidr, type IpAddress, tryParseIp } from '@ovnkit/inet'
import type { Network } from '../subnet/network.ts'
import { isOverlay } from '../subnet/network.ts'

/** Keys in `external_ids` of our router's port by which the next controller knows a network whose gateway is not ours. */
const ids = {
  subnet: 'zstack.io/subnet',
  gateways: 'zstack.io/gateways',
  externalSwitch: 'zstack.io/external-switch',
  provider: 'zstack.io/provider',
  vlan: 'zstack.io/vlan',
} as const

/** What the router's port of an underlay or external network says of it; of an overlay network its switch says enough. */
export function recordOf(network: Network): Record<string, string> | undefined {
  if (isOverlay(network)) return undefined
  const { subnet, gateways, externalSwitch, underlay } = network
  return {
    [ids.subnet]: subnet,
    [ids.gateways]: gateways.join(),
    ...(externalSwitch !== undefined && { [ids.externalSwitch]: externalSwitch }),
    ...(underlay !== undefined && { [ids.provider]: underlay.provider, [ids.vlan]: String(underlay.vlan) }),
  }
}

/** Reads `recordOf` back; undefined on ports that have none, those of overlay networks. */
export function readRecord(
  key: string,
  ranges: readonly Cidr[],
  port: { readonly external_ids: Pick<ReadonlyMap<string, string>, 'get'>; readonly networks: Iterable<string> },
): Network | undefined {
  const text = port.external_ids.get(ids.gateways)
  if (text === undefined) return undefined
  const provider = port.external_ids.get(ids.provider)
  return {
    key,
    subnet: port.external_ids.get(ids.subnet) ?? '',
    ranges,
    gateways: addresses(text.split(',')),
    exclude: [],
    externalSwitch: port.external_ids.get(ids.externalSwitch),
    underlay:
      provider === undefined ? undefined : { provider, vlan: Number(port.external_ids.get(ids.vlan) ?? 0) || 0 },
    interconnect: addresses([...port.networks].map(network => network.split('/')[0] ?? '')),
    services: true,
    dhcp: false,
  }
}

/** IPv4 first. */
const addresses = (texts: readonly string[]): IpAddress[] =>
  texts.flatMap(one => tryParseIp(one) ?? []).sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
