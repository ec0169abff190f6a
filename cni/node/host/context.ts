import type { Config } from '@ovnkit/cni-api'
import type { Store, View } from '@ovnkit/reconcile'
import type { HostLink, HostStore } from '../facts/host.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { SwitchStore } from '../facts/switch.ts'

/** What the renders of a node read. */
export interface HostContext {
  readonly config: Config
  readonly node: string
  readonly nodes: Store<NodeFacts>
  readonly subnets: Store<SubnetFacts>
  readonly links: HostStore
  readonly switches: SwitchStore
}

export function linksOf(view: View, links: HostStore): readonly HostLink[] {
  return [...view.keys(links)].sort().flatMap(name => view.get(links, name) ?? [])
}

export function subnetsOf(view: View, subnets: Store<SubnetFacts>): readonly SubnetFacts[] {
  return [...view.keys(subnets)].sort().flatMap(name => view.get(subnets, name) ?? [])
}
