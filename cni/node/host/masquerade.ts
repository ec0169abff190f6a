import { managementInterface } from '@ovnkit/cni-api'
import type { Cidr } from '@ovnkit/inet'
import type { NftObject } from '@ovnkit/linux'
import type { Rendered, View } from '@ovnkit/reconcile'
import { type HostContext, subnetsOf } from './context.ts'
import { DesiredTable } from './nft-target.ts'

export const natTable = { family: 'inet', name: 'zstack-ovn' } as const

/**
 * Gateway mode local: what pods send to anywhere else leaves with the host's address. Anywhere else is every way but
 * the management port, by which answers and traffic to other pods go.
 */
export function renderMasquerade({ config, subnets }: HostContext, view: View): Rendered {
  const overlay = subnetsOf(view, subnets).flatMap(subnet => (subnet.overlay ? subnet.ranges : []))
  if (config.gateway.mode !== 'local' || overlay.length === 0) return { kind: 'objects', objects: [] }
  return { kind: 'objects', objects: [new DesiredTable(natTable, natObjects(overlay))] }
}

function natObjects(ranges: readonly Cidr[]): NftObject[] {
  const chain = { name: 'postrouting', type: 'nat', hook: 'postrouting', prio: 100, policy: 'accept' }
  const rules = ([4, 6] as const).flatMap(family => {
    const own = ranges.filter(range => range.family === family)
    return own.length === 0 ? [] : [masqueradeRule(family === 4 ? 'ip' : 'ip6', own)]
  })
  return [{ chain }, ...rules]
}

function masqueradeRule(protocol: 'ip' | 'ip6', ranges: readonly Cidr[]): NftObject {
  const prefixes = ranges.map(({ network, prefixLength }) => ({ prefix: { addr: network, len: prefixLength } }))
  const source = { payload: { protocol, field: 'saddr' } }
  const expr = [
    { match: { op: '!=', left: { meta: { key: 'oifname' } }, right: managementInterface } },
    { match: { op: '==', left: source, right: prefixes.length === 1 ? prefixes[0] : { set: prefixes } } },
    { masquerade: { flags: 'fully-random' } },
  ]
  return { rule: { chain: 'postrouting', expr } }
}
