import type { Match } from '../match/match.ts'
import type { OvnRow, Parent } from './row.ts'

/** A Logical_Router with the given options. */
export function logicalRouter(spec: { key: string; name: string; options: Readonly<Record<string, string>> }): OvnRow {
  return { table: 'Logical_Router', key: spec.key, columns: { name: spec.name, options: spec.options } }
}

/** A Logical_Router_Port; `networks` are addresses with the prefix length of their network, e.g. `10.244.0.1/16`. */
export function routerPort(spec: {
  key: string
  name: string
  router: Parent
  mac: string
  networks: readonly string[]
  /** `ipv6_ra_configs` (ovn-nb(5)); without keys the port advertises nothing. */
  advertisements?: Readonly<Record<string, string>>
  options?: Readonly<Record<string, string>>
  externalIds?: Readonly<Record<string, string>> | undefined
}): OvnRow {
  return {
    table: 'Logical_Router_Port',
    key: spec.key,
    parent: spec.router,
    columns: {
      name: spec.name,
      mac: spec.mac,
      networks: spec.networks,
      ipv6_ra_configs: spec.advertisements,
      options: spec.options,
      external_ids: spec.externalIds,
    },
  }
}

/** A destination route. The next hop must lie in a network of one of the router's ports. */
export function staticRoute(spec: { key: string; router: Parent; prefix: string; nextHop: string }): OvnRow {
  return {
    table: 'Logical_Router_Static_Route',
    key: spec.key,
    parent: spec.router,
    columns: { ip_prefix: spec.prefix, nexthop: spec.nextHop },
  }
}

interface PolicySpec {
  readonly key: string
  readonly router: Parent
  /** 0 to 32,767; the highest that matches wins. */
  readonly priority: number
  readonly match: Match
}

/** A routing policy that lets the packet go where the routing table said. Policies run only for packets that some route matched. */
export function allowPolicy(spec: PolicySpec): OvnRow {
  return policy(spec, 'allow', [])
}

/** A routing policy that sends the packet to `nextHop` instead of where the routing table said. */
export function reroutePolicy(spec: PolicySpec & { nextHop: string }): OvnRow {
  return policy(spec, 'reroute', [spec.nextHop])
}

/** A routing policy that drops the packet. */
export function dropPolicy(spec: PolicySpec): OvnRow {
  return policy(spec, 'drop', [])
}

function policy(spec: PolicySpec, action: 'allow' | 'reroute' | 'drop', nextHops: readonly string[]): OvnRow {
  return {
    table: 'Logical_Router_Policy',
    key: spec.key,
    parent: spec.router,
    columns: { priority: spec.priority, match: spec.match.text, action, nexthops: nextHops },
  }
}
