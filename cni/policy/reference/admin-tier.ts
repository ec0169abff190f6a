import type { AdminPolicy, AdminRule } from './admin-policy.ts'
import type { Ruling } from './connection.ts'
import { liesIn } from './network.ts'
import type { Question } from './network-policy.ts'
import type { AdminPeer, AdminSubject, World } from './objects.ts'
import type { Party, PodParty } from './party.ts'
import { selects } from './select.ts'

/** Addresses by name, as `World.names`. */
type Names = NonNullable<World['names']>

/**
 * What the policies of one tier may say: the lowest priority's first matching rule decides. Of several policies with the same
 * priority any may (AdminNetworkPolicySpec.priority, ClusterNetworkPolicySpec.priority), so there may be several rulings.
 */
export function byAdminPolicies(policies: readonly AdminPolicy[], question: Question, names: Names): Ruling[] {
  const applying = policies.filter(({ subject }) => selectsPod(subject, question.subject))
  const priorities = [...new Set(applying.map(({ priority }) => priority))].sort((a, b) => a - b)
  for (const priority of priorities) {
    const rulings = applying
      .filter(one => one.priority === priority)
      .flatMap(({ rules }) => rulingOf(rules[question.direction], question, names) ?? [])
    if (rulings.length > 0) return rulings
  }
  return [{ effect: 'next', because: `no rule of the administrator's concerns ${question.subject.name}` }]
}

const effects = { allow: 'allow', deny: 'deny', pass: 'next' } as const

function rulingOf(rules: readonly AdminRule[], question: Question, names: Names): Ruling | undefined {
  for (const rule of rules) {
    if (isUnknown(rule)) {
      // Fail closed: an Allow that is not understood matches nothing, anything else denies all (AdminNetworkPolicyEgressPeer).
      if (rule.action === 'allow') continue
      return { effect: 'deny', because: `${rule.name} is not understood` }
    }
    if (matches(rule, question, names)) return { effect: effects[rule.action], because: rule.name }
  }
  return undefined
}

const isUnknown = ({ peers, ports }: AdminRule) =>
  peers.some(peer => Object.values(peer).every(field => field === undefined)) || ports.some(test => test === undefined)

const matches = ({ peers, ports }: AdminRule, { peer, destination }: Question, names: Names) =>
  peers.some(one => isPeer(one, peer, names)) &&
  (ports.length === 0 || ports.some(test => test?.(destination) === true))

/** Pods on their node's network are not among the selected. */
function selectsPod({ namespaces, pods }: AdminSubject, pod: PodParty): boolean {
  if (namespaces !== undefined) return selects(namespaces, pod.namespaceLabels)
  if (pods === undefined) return false
  return selects(pods.namespaceSelector ?? {}, pod.namespaceLabels) && selects(pods.podSelector ?? {}, pod.labels)
}

function isPeer(one: AdminPeer, peer: Party, names: Names): boolean {
  if (peer.kind === 'pod' && selectsPod(one, peer)) return true
  if (peer.kind === 'node' && one.nodes !== undefined) return selects(one.nodes, peer.labels)
  if (one.networks?.some(cidr => liesIn(peer.address, cidr)) === true) return true
  return one.domainNames?.some(pattern => isAddressOf(pattern, peer.address, names)) === true
}

const isAddressOf = (pattern: string, address: string, names: Names) =>
  Object.entries(names).some(([name, addresses]) => isName(pattern, name) && addresses.includes(address))

/** DomainName: `*.` stands for one or more whole labels. */
function isName(pattern: string, name: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/\.$/, '')
  const [wanted, given] = [plain(pattern), plain(name)]
  return wanted.startsWith('*.') ? given.endsWith(wanted.slice(1)) && given !== wanted.slice(2) : given === wanted
}
