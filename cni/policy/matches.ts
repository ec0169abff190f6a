import type { Cidr, Family } from '@ovnkit/inet'
import {
  addressSetIn,
  and,
  everything,
  inAddressSet,
  inPortGroup,
  type Match,
  nothing,
  oneOf,
  predicate,
} from '@ovnkit/ovn'
import { type Block, type NodeCover, networksOf } from './block.ts'
import { type NamedPort, type PodGroup, withPort } from './group.ts'
import { peerSetName, subjectName } from './names.ts'
import { allPods, namesIn, type PortName, peersIn } from './needs.ts'
import { numericPorts, portIs } from './port-match.ts'
import type { Peer, PolicyRule } from './rule.ts'

/** What rules depend on beside themselves. */
export interface MatchContext {
  /** Families that pods have addresses of. */
  readonly families: readonly Family[]
  readonly join: readonly Cidr[]
  /** What a port's name means among the pods of a group, ascending. */
  numbersOf(group: PodGroup, port: PortName): readonly number[]
  coverOf(block: Block): NodeCover | undefined
  /** Addresses, networks and sets (`$name`) of peers that are neither pods nor blocks. */
  furtherPeers(peer: Exclude<Peer, { kind: 'pods' | 'block' }>, family: Family): readonly string[]
}

const fields = {
  ingress: { port: 'outport', 4: 'ip4.src', 6: 'ip6.src' },
  egress: { port: 'inport', 4: 'ip4.dst', 6: 'ip6.dst' },
} as const

/** What a rule is about, as expressions of which any may hold; none where nothing can match. */
export function matchesOf(subject: PodGroup, rule: PolicyRule, context: MatchContext): Match[] {
  const peers = peerMatches(rule, context)
  return [
    ...combined(rule, subject, peers, numericPorts(rule.ports)),
    ...namesIn(rule).flatMap(name =>
      rule.direction === 'ingress'
        ? namedAtSubject(rule, subject, peers, name, context)
        : namedAtPeers(rule, subject, name, context),
    ),
  ]
}

/** Nothing of a direction, whoever the peer. */
export const isolation = (subject: PodGroup, direction: PolicyRule['direction']): Match =>
  and(inPortGroup(fields[direction].port, subjectName(subject)), predicate('ip'))

function combined(rule: PolicyRule, subject: PodGroup, peers: readonly Match[], ports: readonly Match[]): Match[] {
  const mine = inPortGroup(fields[rule.direction].port, subjectName(subject))
  return peers.flatMap(peer =>
    ports.map(port => {
      const parts = [peer, port].filter(part => part !== everything)
      return and(mine, ...(parts.length === 0 ? [predicate('ip')] : parts))
    }),
  )
}

/** The name is looked up in the pods that the rule protects. */
function namedAtSubject(
  rule: PolicyRule,
  subject: PodGroup,
  peers: readonly Match[],
  { protocol, name }: PortName,
  context: MatchContext,
): Match[] {
  return context
    .numbersOf(subject, { protocol, name })
    .flatMap(number => combined(rule, withPort(subject, { protocol, name, number }), peers, [portIs(protocol, number)]))
}

/** The name is looked up in the pods that are the destination. Addresses that no pod has have no port by that name. */
function namedAtPeers(rule: PolicyRule, subject: PodGroup, port: PortName, context: MatchContext): Match[] {
  const groups = peersIn(rule.peers).flatMap(peer => (peer.kind === 'pods' ? [peer.group] : []))
  const blocks = peersIn(rule.peers).flatMap(peer => (peer.kind === 'block' ? [peer] : []))
  const ofGroup = (group: PodGroup, within: (family: Family) => Match) =>
    context.numbersOf(group, port).flatMap(number => {
      const peers = context.families.flatMap(family => {
        const range = within(family)
        return range === nothing ? [] : [and(...restrictions(range), namedPeer(group, { ...port, number }, family))]
      })
      return combined(rule, subject, peers, [portIs(port.protocol, number)])
    })
  return [
    ...(rule.peers === 'everybody' ? [allPods] : groups).flatMap(group => ofGroup(group, () => everything)),
    ...(blocks.length === 0
      ? []
      : ofGroup(allPods, family =>
          oneOf(
            fields.egress[family],
            blocks.flatMap(block => networksOf(block, family)),
          ),
        )),
  ]
}

const restrictions = (match: Match): Match[] => (match === everything ? [] : [match])

const namedPeer = (group: PodGroup, port: NamedPort, family: Family): Match =>
  inAddressSet(fields.egress[family], peerSetName(withPort(group, port), family))

/** One expression for each family; `everything` for everybody. */
function peerMatches({ peers, direction }: PolicyRule, context: MatchContext): Match[] {
  if (peers === 'everybody') return [everything]
  return context.families.flatMap(family => {
    const values = [...new Set(peers.flatMap(peer => peerValues(peer, direction, family, context)))]
    return values.length === 0 ? [] : [oneOf(fields[direction][family], values)]
  })
}

function peerValues(
  peer: Peer,
  direction: PolicyRule['direction'],
  family: Family,
  context: MatchContext,
): readonly string[] {
  switch (peer.kind) {
    case 'pods':
      return [addressSetIn(peerSetName(peer.group, family))]
    case 'block':
      // Nodes are met by their own addresses as destinations, by those in the join network as sources.
      return networksOf(peer, family, direction === 'ingress' ? context.coverOf(peer) : undefined, context.join)
    default:
      return context.furtherPeers(peer, family)
  }
}
