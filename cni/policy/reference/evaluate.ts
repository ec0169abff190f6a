import { adminPoliciesOf } from './admin-policy.ts'
import { byAdminPolicies } from './admin-tier.ts'
import type { Connection, Direction, Ruling } from './connection.ts'
import { byNetworkPolicies } from './network-policy.ts'
import type { World } from './objects.ts'
import { type Party, partyOf } from './party.ts'

export interface Verdict {
  /** `unspecified`: the API leaves it to the implementation. */
  readonly allowed: boolean | 'unspecified'
  readonly because: string
}

/**
 * Whether policies let a new connection through. Both ends have to agree: the egress side of a source pod, the ingress side of a
 * destination pod; nodes and the outside have no policies.
 * @throws when the world does not have an end, or the end has no address in the family
 */
export function mayConnect(world: World, connection: Connection): Verdict {
  const { protocol, port, family } = connection
  const from = partyOf(world, connection.from, family)
  const to = partyOf(world, connection.to, family)
  if (from.kind === 'pod' && to.kind === 'pod' && from.name === to.name)
    return { allowed: true, because: 'a pod cannot block access to itself' }
  const destination = { party: to, protocol, port }
  const ask = (direction: Direction, subject: Party, peer: Party): Ruling[] =>
    subject.kind === 'pod'
      ? rulingsOf(world, { direction, subject, peer, destination })
      : [{ effect: 'allow', because: `${nameOf(subject)} has no policies` }]
  return together(ask('egress', from, to), ask('ingress', to, from))
}

const nameOf = (party: Party) => (party.kind === 'outside' ? party.address : party.name)

/** One tier after the other: the administrator's, the namespaces', the baseline; what none decides is allowed. */
function rulingsOf(world: World, question: Parameters<typeof byNetworkPolicies>[1]): Ruling[] {
  const policies = adminPoliciesOf(world)
  const tier = (name: 'admin' | 'baseline') => () =>
    byAdminPolicies(
      policies.filter(one => one.tier === name),
      question,
      world.names ?? {},
    )
  const tiers = [tier('admin'), () => [byNetworkPolicies(world.networkPolicies, question)], tier('baseline')]
  return continued(tiers)
}

function continued([first, ...rest]: readonly (() => Ruling[])[]): Ruling[] {
  if (first === undefined) return [{ effect: 'allow', because: 'no policy denies it' }]
  return first().flatMap(ruling => (ruling.effect === 'next' ? continued(rest) : [ruling]))
}

/** One side that denies is enough; otherwise both have to allow. */
function together(...sides: readonly (readonly Ruling[])[]): Verdict {
  const denied = sides.find(side => side.every(({ effect }) => effect === 'deny'))
  if (denied !== undefined) return { allowed: false, because: reasons(denied) }
  const isSure = sides.flat().every(({ effect }) => effect === 'allow')
  return { allowed: isSure ? true : 'unspecified', because: sides.map(reasons).join('; ') }
}

const reasons = (side: readonly Ruling[]) => [...new Set(side.map(({ because }) => because))].join(' or ')
