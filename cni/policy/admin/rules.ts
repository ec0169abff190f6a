import { PolicyMistake } from '../mistake.ts'
import type { Action, Direction, Peer, PolicyRule, PortMatch } from '../rule.ts'
import type { ApiPeer, ApiRule } from './objects.ts'
import { peersOf } from './peers.ts'
import { portsOf, protocolsOf } from './ports.ts'

/** A rule, and how its author calls it. */
export interface NamedRule {
  readonly rule: PolicyRule
  /** `egress rule 2 "to the database"`. */
  readonly title: string
}

export interface ReadRules {
  readonly rules: readonly NamedRule[]
  readonly problems: readonly string[]
}

const actions: Readonly<Record<string, Action>> = { Allow: 'allow', Accept: 'allow', Deny: 'deny', Pass: 'pass' }

/**
 * Rules of both versions. What cannot be carried out fails closed, as the API's documentation of peers says: a rule that allows then allows nothing, one that denies or passes
 * denies everything.
 */
export function rulesOf(direction: Direction, list: readonly ApiRule[]): ReadRules {
  const problems: string[] = []
  const rules = list.map((rule, i) => {
    const title = titleOf(direction, rule, i)
    return { rule: ruleOf(direction, rule, text => problems.push(`${title}: ${text}`)), title }
  })
  return { rules, problems }
}

const titleOf = (direction: Direction, { name }: ApiRule, i: number) =>
  `${direction} rule ${i + 1}${name ? ` "${name}"` : ''}`

function ruleOf(direction: Direction, api: ApiRule, problem: (text: string) => void): PolicyRule {
  const action = actions[api.action ?? '']
  let closed = false
  const attempt = <T>(read: () => T[]): T[] => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof PolicyMistake)) throw error
      closed = true
      problem(error.message)
      return []
    }
  }
  if (action === undefined) {
    problem(`expected action Allow, Accept, Deny or Pass, got "${api.action}"`)
    return denyAll(direction)
  }
  const list: readonly ApiPeer[] = (direction === 'ingress' ? api.from : api.to) ?? []
  const peers = list.flatMap(peer => attempt<Peer>(() => peersFor(direction, action, peer)))
  const ports = portMatches(api, attempt)
  if (closed) return action === 'allow' ? { direction, action, peers: [], ports } : denyAll(direction)
  if (ports !== 'all' && ports.some(port => 'name' in port) && peers.some(({ kind }) => kind !== 'pods'))
    problem('nodes, networks and domain names have no named ports: the names count for its other peers only')
  return { direction, action, peers, ports }
}

function peersFor(direction: Direction, action: Action, peer: ApiPeer): Peer[] {
  if (direction === 'ingress' && !peer.namespaces && !peer.pods)
    throw new PolicyMistake('expected namespaces or pods as a peer of ingress, got neither')
  return peersOf(peer, action)
}

function portMatches(
  { ports, protocols }: ApiRule,
  attempt: (read: () => PortMatch[]) => PortMatch[],
): readonly PortMatch[] | 'all' {
  if (ports) return ports.flatMap(port => attempt(() => portsOf(port)))
  return protocols ? protocols.flatMap(one => attempt(() => protocolsOf(one))) : 'all'
}

const denyAll = (direction: Direction): PolicyRule => ({
  direction,
  action: 'deny',
  peers: 'everybody',
  ports: 'all',
})
