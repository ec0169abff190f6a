import {
  type Cidr,
  formatRange,
  InetError,
  type IpAddress,
  type IpRange,
  parseCidr,
  parseIp,
  parseRange,
  rangesOverlap,
} from '@ovnkit/inet'
import type { LabelSelector } from '@ovnkit/kube'
import type { Taken } from '../balancer/plan-pools.ts'
import type { EgressIPFacts } from '../facts/egress-ip.ts'
import type { Problem } from '../subnet/parse.ts'

/** An EgressIP that can work. */
export interface EgressPolicy {
  readonly name: string
  /** Milliseconds since the epoch: of two that select a pod the older one has it. */
  readonly created: number
  readonly addresses: readonly IpAddress[]
  readonly namespaceSelector?: LabelSelector | undefined
  readonly podSelector?: LabelSelector | undefined
  readonly subnets?: readonly string[] | undefined
  readonly nodeSelector?: LabelSelector | undefined
  /** Destinations that it has nothing to do with. */
  readonly excluded: readonly Cidr[]
}

export type EgressVerdict = { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly problem: Problem }

export interface EgressPlan {
  readonly policies: ReadonlyMap<string, EgressPolicy>
  readonly verdicts: ReadonlyMap<string, EgressVerdict>
}

/** Decides which EgressIPs can work: all of an EgressIP's addresses must be nobody else's. Of two with the same address the older one has it. */
export function planEgress(egressIPs: readonly EgressIPFacts[], taken: readonly Taken[]): EgressPlan {
  const policies = new Map<string, EgressPolicy>()
  const verdicts = new Map<string, EgressVerdict>()
  const all = [...taken]
  for (const facts of egressIPs.toSorted((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1))) {
    const policy = parse(facts, all)
    if ('reason' in policy) {
      verdicts.set(facts.name, { kind: 'refused', problem: policy })
      continue
    }
    policies.set(facts.name, policy)
    verdicts.set(facts.name, { kind: 'accepted' })
    for (const address of policy.addresses) all.push({ name: `EgressIP ${facts.name}`, range: parseRange(address) })
  }
  return { policies, verdicts }
}

function parse({ name, created, spec }: EgressIPFacts, taken: readonly Taken[]): EgressPolicy | Problem {
  try {
    const addresses = spec.addresses.map(text => parseIp(text))
    const problem = unusable(addresses, taken)
    if (problem !== undefined) return problem
    const excluded = (spec.excludedCIDRs ?? []).map(text => parseCidr(text, { hostBits: 'mask' }))
    const { namespaceSelector, podSelector, subnets, nodeSelector } = spec
    return { name, created, addresses, namespaceSelector, podSelector, subnets, nodeSelector, excluded }
  } catch (error) {
    if (error instanceof InetError) return { reason: 'InvalidAddress', message: error.message }
    throw error
  }
}

/** Ranges whose addresses no host has for others (RFC 6890). */
const noHosts = [
  '0.0.0.0-0.255.255.255',
  '127.0.0.0-127.255.255.255',
  '169.254.0.0-169.254.255.255',
  '224.0.0.0-255.255.255.255',
  '::-::1',
  'fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
].map(text => parseRange(text))

function unusable(addresses: readonly IpAddress[], taken: readonly Taken[]): Problem | undefined {
  for (const [i, address] of addresses.entries()) {
    const range: IpRange = parseRange(address)
    if (addresses.indexOf(address) !== i)
      return { reason: 'InvalidAddress', message: `spec.addresses: ${address} is written twice` }
    if (noHosts.some(one => rangesOverlap(one, range)))
      return { reason: 'NotUnicast', message: `spec.addresses: ${address} can be no host's address` }
    const other = taken.find(one => rangesOverlap(one.range, range))
    if (other !== undefined)
      return {
        reason: 'AddressTaken',
        message: `spec.addresses: ${address} is in ${other.name} (${formatRange(other.range)}); choose another address`,
      }
  }
  return undefined
}
