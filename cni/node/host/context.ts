import type { Config } from '@ovnkit/cni-api'
import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import type { Cidr, IpAddress } from '@ovnkit/inet'
import type { Store, View } from '@ovnkit/reconcile'
import type { HostLink, HostStore } from '../facts/host.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { SwitchStore } from '../facts/switch.ts'
import type { RulesetStore } from '../forwarding/watch.ts'
import type { GatewayStore } from '../gateway/store.ts'
import type { ConflictStore } from '../provider/conflicts.ts'
import type { ProviderFacts, ProviderState } from '../provider/facts.ts'
import type { WireStore } from '../provider/wires.ts'
import type { PublishedPods } from '../services/host-ports.ts'
import type { KubeProxyStore } from '../services/kube-proxy.ts'

/** What the renders of a node read. */
export interface HostContext {
  readonly config: Config
  readonly node: string
  readonly nodes: Store<NodeFacts>
  readonly subnets: Store<SubnetFacts>
  readonly links: HostStore
  /** Services that hosts have something to do for, `namespace/name`; empty without kubeProxyReplacement. */
  readonly services: Store<ServiceFacts>
  readonly slices: Store<SliceFacts, 'service'>
  /** InternalIPs of every node, by its name; empty without kubeProxyReplacement. */
  readonly neighbours: Store<readonly IpAddress[]>
  /** Ranges of ServiceCIDR objects. */
  readonly serviceCIDRs: Store<readonly Cidr[]>
  readonly published: PublishedPods
  readonly switches: SwitchStore
  readonly ruleset: RulesetStore
  readonly kubeProxy: KubeProxyStore
  readonly providers: Store<ProviderFacts>
  /** How the node fares with each of them. */
  readonly providerStates: Store<ProviderState>
  readonly gateway: GatewayStore
  /** VLANs that Subnets live on. */
  readonly wires: WireStore
  /** Addresses there that somebody else has. */
  readonly conflicts: ConflictStore
  /** Memory in huge pages as the agent found it at its start, MiB. */
  readonly hugepagesMB: number
}

export function linksOf(view: View, links: HostStore): readonly HostLink[] {
  return [...view.keys(links)].sort().flatMap(name => view.get(links, name) ?? [])
}

export function subnetsOf(view: View, subnets: Store<SubnetFacts>): readonly SubnetFacts[] {
  return [...view.keys(subnets)].sort().flatMap(name => view.get(subnets, name) ?? [])
}
