import type { Cidr, Family, IpAddress, Mac } from '@ovnkit/inet'
import type { Desired } from '@ovnkit/reconcile'
import type { Scope } from '../codec/address.ts'
import { mainTable, type RouteType } from '../codec/route.ts'
import type { RuleSpec } from '../codec/rule.ts'
import type { NetnsRef } from '../netns.ts'
import type { Offloads } from '../offloads.ts'

/** The name that a KernelTarget has unless another is given; a second one (another namespace) needs a name of its own. */
export const kernelTargetName = 'kernel'

/** How a link comes to be: a pair (the peer may be created in another namespace), or a kind without further parameters. */
export type LinkOrigin =
  | {
      readonly kind: 'veth'
      readonly peer: { readonly name: string; readonly netns?: NetnsRef; readonly mac?: Mac; readonly mtu?: number }
    }
  | { readonly kind: 'bridge' | 'dummy' | 'ifb' }

export interface KernelLinkSpec {
  readonly name: string
  /** Created and, with its owner, removed by us. Without it the link is somebody else's (an OVS internal port): we only set attributes. */
  readonly create?: LinkOrigin
  readonly mac?: Mac
  /** Bytes. */
  readonly mtu?: number
  readonly up?: boolean
  readonly txQueueLength?: number
  /** Name of the bridge to belong to. */
  readonly master?: string
  /** Set once for every incarnation of the link; the kernel reports no changes of them. */
  readonly offloads?: Partial<Offloads>
  /** Below `net/ipv4/conf/<link>/` and `net/ipv6/conf/<link>/`, such as `{ rp_filter: 0 }`. Set once as well. */
  readonly ipv4?: Readonly<Record<string, string | number>>
  readonly ipv6?: Readonly<Record<string, string | number>>
}

/** Attributes of a link, and the link itself where `create` is given. Attributes that are not named are left alone. */
export class KernelLink implements Desired {
  readonly target: string
  readonly key: string
  readonly spec: KernelLinkSpec

  constructor(spec: KernelLinkSpec, target = kernelTargetName) {
    this.target = target
    this.key = linkKey(spec.name)
    this.spec = spec
  }
}

export interface KernelAddressSpec {
  /** Name of the link. */
  readonly link: string
  readonly address: IpAddress
  readonly prefixLength: number
  readonly scope?: Scope
  /** No route for the prefix by the kernel. */
  readonly noPrefixRoute?: boolean
}

export class KernelAddress implements Desired {
  readonly target: string
  readonly key: string
  readonly spec: KernelAddressSpec

  constructor(spec: KernelAddressSpec, target = kernelTargetName) {
    this.target = target
    this.key = addressKey(spec.link, spec.address, spec.prefixLength)
    this.spec = spec
  }
}

export interface KernelRouteSpec {
  readonly destination: Cidr
  /** 254 (main) unless given. */
  readonly table?: number
  /** 0 for IPv4 and 1024 for IPv6 unless given, as the kernel has it. */
  readonly metric?: number
  readonly type?: RouteType
  readonly scope?: Scope
  readonly via?: IpAddress
  /** Name of the link to leave by. */
  readonly link?: string
  readonly source?: IpAddress
  readonly mtu?: number
  readonly onlink?: boolean
}

/** A route. Destination, table and metric are its identity: the kernel has one of each. */
export class KernelRoute implements Desired {
  readonly target: string
  readonly key: string
  readonly spec: KernelRouteSpec

  constructor(spec: KernelRouteSpec, target = kernelTargetName) {
    this.target = target
    this.key = routeKey(spec)
    this.spec = spec
  }
}

export type KernelRuleSpec = Omit<RuleSpec, 'protocol'>

/** A rule. All its parts together are its identity. */
export class KernelRule implements Desired {
  readonly target: string
  readonly key: string
  readonly spec: KernelRuleSpec

  constructor(spec: KernelRuleSpec, target = kernelTargetName) {
    this.target = target
    this.key = ruleKey(spec)
    this.spec = spec
  }
}

export interface KernelNeighbourSpec {
  readonly link: string
  readonly address: IpAddress
  /** A permanent entry. */
  readonly mac?: Mac
  /** The host answers for the address. */
  readonly proxy?: boolean
}

export class KernelNeighbour implements Desired {
  readonly target: string
  readonly key: string
  readonly spec: KernelNeighbourSpec

  constructor(spec: KernelNeighbourSpec, target = kernelTargetName) {
    this.target = target
    this.key = neighbourKey(spec.link, spec.address, spec.proxy ?? false)
    this.spec = spec
  }
}

export type KernelObject = KernelLink | KernelAddress | KernelRoute | KernelRule | KernelNeighbour

export const isKernelObject = (object: Desired): object is KernelObject =>
  object instanceof KernelLink ||
  object instanceof KernelAddress ||
  object instanceof KernelRoute ||
  object instanceof KernelRule ||
  object instanceof KernelNeighbour

export const linkKey = (name: string): string => `link/${name}`
export const addressKey = (link: string, address: IpAddress, prefixLength: number): string =>
  `address/${link}/${address}/${prefixLength}`
export const neighbourKey = (link: string, address: IpAddress, proxy: boolean): string =>
  `${proxy ? 'proxy' : 'neighbour'}/${link}/${address}`

export function routeKey({
  destination,
  table = mainTable,
  metric,
}: Pick<KernelRouteSpec, 'destination' | 'table' | 'metric'>): string {
  return `route/${table}/${destination.text}/${metricOf(destination.family, metric)}`
}

/** IPv6 takes 0 for "the default", which is 1024 (IP6_RT_PRIO_USER). */
export const metricOf = (family: Family, metric: number | undefined): number => metric || (family === 6 ? 1024 : 0)

export function ruleKey(rule: KernelRuleSpec): string {
  const {
    family,
    priority,
    action = 'lookup',
    table,
    source,
    destination,
    inputLink,
    outputLink,
    mark,
    suppressPrefixLength,
    invert,
  } = rule
  const mask = mark === undefined ? undefined : (rule.mask ?? 0xffffffff)
  const parts = [
    action,
    table || '',
    source?.text,
    destination?.text,
    inputLink,
    outputLink,
    mark,
    mask,
    suppressPrefixLength,
    invert ? 'not' : '',
  ]
  return `rule/${family}/${priority}/${parts.map(part => part ?? '').join('|')}`
}

/** Names of the links that an object needs to be there. */
export function linksOf(object: KernelObject): readonly string[] {
  if (object instanceof KernelRule) return []
  if (object instanceof KernelLink)
    return object.spec.master === undefined ? [object.spec.name] : [object.spec.name, object.spec.master]
  return object.spec.link === undefined ? [] : [object.spec.link]
}
