import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { defined, type OvnRow } from './row.ts'

export type BalancerProtocol = 'tcp' | 'udp' | 'sctp'

/** Column values that say by which of a packet's fields it is given to a backend; without them OVS chooses by connection. */
export type SelectionField = 'eth_src' | 'ip_src' | 'ip_dst'

export interface LoadBalancerSpec {
  readonly key: string
  /** For people: OVN neither needs it nor wants it to be unique. */
  readonly name: string
  readonly protocol: BalancerProtocol
  /** `address:port` to backends, see `balancerAddress` and `balancerBackends`. */
  readonly vips: Readonly<Record<string, string>>
  /** A virtual address without backends answers with a TCP reset or ICMP "port unreachable" instead of nothing. */
  readonly reject?: boolean
  /** Source addresses, at most one a family, that a backend sees when it reaches itself through the balancer. */
  readonly hairpinSources?: readonly IpAddress[]
  /** A client stays with its backend so many seconds after its last packet, 1 to 65,535 (OVN 22.12). */
  readonly affinitySeconds?: number | undefined
  readonly selectionFields?: readonly SelectionField[]
  /** Connections to a backend that goes are forgotten, so that their next packet is balanced anew (OVN 23.03). */
  readonly forgetsConnections?: boolean
  /** Backends (and IPv6 addresses) are variables that each chassis has its own values of, all of one family (OVN 22.12). */
  readonly templateOf?: 4 | 6 | undefined
  readonly externalIds?: Readonly<Record<string, string>>
}

/** A Load_Balancer; it works on the switches and routers that refer to it or to a group with it. */
export function loadBalancer(spec: LoadBalancerSpec): OvnRow {
  const { templateOf } = spec
  return {
    table: 'Load_Balancer',
    key: spec.key,
    columns: {
      name: spec.name,
      protocol: spec.protocol,
      vips: spec.vips,
      selection_fields: spec.selectionFields ?? [],
      options: defined({
        reject: spec.reject ? 'true' : undefined,
        hairpin_snat_ip: spec.hairpinSources?.join(' '),
        affinity_timeout: spec.affinitySeconds?.toString(),
        ct_flush: spec.forgetsConnections ? 'true' : undefined,
        template: templateOf && 'true',
        'address-family': templateOf && `ipv${templateOf}`,
      }),
      external_ids: spec.externalIds,
    },
  }
}

/** The longest affinity that OVN knows, in seconds (ovn-nb(5)). */
export const maxAffinitySeconds = 65_535

/** `10.96.0.1:80`, `[fd00::1]:80`. */
export function balancerAddress(address: IpAddress, port: number): string {
  return ipFamily(address) === 4 ? `${address}:${port}` : `[${address}]:${port}`
}

/** Backends of one virtual address. */
export function balancerBackends(backends: readonly { readonly address: IpAddress; readonly port: number }[]): string {
  return backends.map(({ address, port }) => balancerAddress(address, port)).join(',')
}

/** Balancers that switches and routers refer to together: one more balancer changes none of them. Its name is unique in the database. */
export function loadBalancerGroup(spec: { key: string; name: string }): OvnRow {
  return { table: 'Load_Balancer_Group', key: spec.key, columns: { name: spec.name } }
}

/** Where the values of template variables on one chassis are; they are elements of column `variables`. */
export function chassisVariables(spec: { key: string; chassis: string }): OvnRow {
  return { table: 'Chassis_Template_Var', key: spec.key, columns: { chassis: spec.chassis } }
}

/** How a balancer refers to a variable. A name is made of letters, digits, `_` and `.`, not a digit first. */
export function templateVariable(name: string): string {
  return `^${name}`
}
