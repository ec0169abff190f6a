import { groupId, type PodGroup, type Protocol } from './group.ts'
import type { Peer, Policy, PolicyRule } from './rule.ts'
import { anything } from './selector.ts'

/** A name of ports that a policy uses. */
export interface PortName {
  readonly protocol: Protocol
  readonly name: string
}

/** A group that a policy needs to know the pods of, and what for. */
export interface GroupNeed {
  readonly group: PodGroup
  /** Its ports in a port group, its addresses in address sets, or only the numbers of port names in it. */
  readonly as: 'subject' | 'peer' | 'named'
  /** Names that are resolved among its pods; the groups by number are used in the same way. */
  readonly names: readonly PortName[]
}

/** Every pod of the cluster: whoever a rule without peers, or with blocks, means by a port's name. */
export const allPods: PodGroup = { namespaces: { selector: anything }, pods: anything }

/** Everything that a policy's rows refer to. */
export function needsOf({ subject, rules }: Policy): GroupNeed[] {
  const ingress = rules.filter(rule => rule.direction === 'ingress')
  return merged([
    { group: subject, as: 'subject', names: ingress.flatMap(namesIn) },
    ...ingress.flatMap(rule => groupsOf(rule).map((group): GroupNeed => ({ group, as: 'peer', names: [] }))),
    ...rules.filter(rule => rule.direction === 'egress').flatMap(egressNeeds),
  ])
}

function egressNeeds(rule: PolicyRule): GroupNeed[] {
  const names = namesIn(rule)
  const as = rule.ports === 'all' || rule.ports.length > names.length ? 'peer' : 'named'
  const groups = groupsOf(rule).map((group): GroupNeed => ({ group, as, names }))
  const others = rule.peers === 'everybody' || rule.peers.some(({ kind }) => kind === 'block')
  return others && names.length > 0 ? [...groups, { group: allPods, as: 'named', names }] : groups
}

function merged(needs: readonly GroupNeed[]): GroupNeed[] {
  const byUse = Map.groupBy(needs, ({ group, as }) => `${as} ${groupId(group)}`)
  return [...byUse.values()].flatMap(same => {
    const [first] = same
    if (first === undefined) return []
    const names = new Map(same.flatMap(need => need.names).map(one => [`${one.protocol} ${one.name}`, one]))
    return [{ ...first, names: [...names.values()] }]
  })
}

export const namesIn = ({ ports }: PolicyRule): PortName[] =>
  ports === 'all' ? [] : ports.flatMap(port => ('name' in port ? [port] : []))

const groupsOf = ({ peers }: PolicyRule): PodGroup[] =>
  peersIn(peers).flatMap(peer => (peer.kind === 'pods' ? [peer.group] : []))

export const peersIn = (peers: PolicyRule['peers']): readonly Peer[] => (peers === 'everybody' ? [] : peers)
