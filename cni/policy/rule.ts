import type { Cidr } from '@ovnkit/inet'
import type { PodGroup, Protocol } from './group.ts'
import type { Selector } from './selector.ts'

export type Direction = 'ingress' | 'egress'

/** What is let through, dropped, or left to the policies that come later. */
export type Action = 'allow' | 'deny' | 'pass'

/** The other end of a connection. */
export type Peer =
  | { readonly kind: 'pods'; readonly group: PodGroup }
  /** Addresses of `cidr` without those of `except`; a node has all of its addresses. */
  | { readonly kind: 'block'; readonly cidr: Cidr; readonly except: readonly Cidr[] }
  /** Nodes by their labels, as destinations: all of their addresses. */
  | { readonly kind: 'nodes'; readonly selector: Selector }
  /** Domain names, as destinations; `*.` in front stands for any labels. */
  | { readonly kind: 'domains'; readonly names: readonly string[] }

/** A destination port. Without any port: all of the protocol. By name: whatever number each destination pod gives it. */
export type PortMatch =
  | { readonly protocol: Protocol; readonly port?: number; readonly endPort?: number }
  | { readonly protocol: Protocol; readonly name: string }

/** What any rule of any kind of policy comes to. */
export interface PolicyRule {
  readonly direction: Direction
  readonly action: Action
  /** Any of these; an empty list: nobody. */
  readonly peers: readonly Peer[] | 'everybody'
  /** Any of these; an empty list: none. `all`: every protocol, ICMP too. */
  readonly ports: readonly PortMatch[] | 'all'
}

/** Which rules come first: what an administrator ordains, what NetworkPolicies say, what holds where neither says anything. */
export type Band = 'admin' | 'network' | 'baseline'

/** A policy as it is carried out, whatever its kind. */
export interface Policy {
  /** The object's kind, as its API calls it. */
  readonly kind: string
  /** Empty for objects of the whole cluster. */
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly band: Band
  /** Among the policies of its band: the lowest first. The same for all where rules only add to one another. */
  readonly rank: number
  readonly subject: PodGroup
  /** Directions in which nothing passes that no rule lets through. */
  readonly isolates: readonly Direction[]
  /** In a band with ranks the first that matches decides. */
  readonly rules: readonly PolicyRule[]
  /** What of it cannot be carried out, a sentence each; it lets nothing through. */
  readonly problems: readonly string[]
}

/** A policy's key in stores: `NetworkPolicy/namespace/name`, `AdminNetworkPolicy/name`. */
export const policyKey = ({ kind, namespace, name }: Pick<Policy, 'kind' | 'namespace' | 'name'>): string =>
  [kind, namespace, name].filter(part => part !== '').join('/')
