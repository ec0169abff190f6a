import { type Destination, type Direction, isNamed, type Ruling } from './connection.ts'
import { liesIn } from './network.ts'
import type { NetworkPolicy, PolicyPeer, PolicyPort } from './objects.ts'
import type { Party, PodParty } from './party.ts'
import { selects } from './select.ts'

/** The question that a pod's policies of one direction answer. */
export interface Question {
  readonly direction: Direction
  readonly subject: PodParty
  readonly peer: Party
  readonly destination: Destination
}

/**
 * What NetworkPolicy v1 says. A pod that no policy applies to in this direction is not isolated; one that some apply to is open to
 * what at least one of their rules matches, and to its own node (NetworkPolicySpec.ingress; concepts page, "The two sorts of pod
 * isolation").
 */
export function byNetworkPolicies(policies: readonly NetworkPolicy[], question: Question): Ruling {
  const { direction, subject, peer } = question
  const applying = policies.filter(policy => applies(policy, direction, subject))
  if (applying.length === 0) return { effect: 'next', because: `${subject.name} is not isolated for ${direction}` }
  const isOwnNode = peer.kind === 'node' && peer.name === subject.node
  if (isOwnNode && direction === 'ingress') return { effect: 'allow', because: `${peer.name} is the pod's own node` }
  const matching = applying.flatMap(policy => matchesOf(policy, question))
  if (matching[0] !== undefined) return { effect: 'allow', because: matching[0] }
  // One sentence of the concepts page excepts traffic "to and from the node where a Pod is running", the API's documentation and the
  // page's own text on egress have no such exception.
  if (isOwnNode) return { effect: 'unspecified', because: `${subject.name} asks its own node` }
  const names = applying.map(({ metadata }) => metadata?.name).join(', ')
  return { effect: 'deny', because: `${subject.name} is isolated for ${direction} by ${names}, and no rule matches` }
}

function applies({ metadata, spec }: NetworkPolicy, direction: Direction, pod: PodParty): boolean {
  return (
    metadata?.namespace === pod.namespace &&
    typesOf(spec ?? {}).has(direction) &&
    selects(spec?.podSelector ?? {}, pod.labels)
  )
}

/** NetworkPolicySpec.policyTypes: not specified, it is ingress, and egress when there are egress rules. */
function typesOf({ policyTypes = [], egress = [] }: NonNullable<NetworkPolicy['spec']>): Set<Direction> {
  if (policyTypes.length === 0) return new Set(egress.length > 0 ? ['ingress', 'egress'] : ['ingress'])
  return new Set([
    ...(policyTypes.includes('Ingress') ? (['ingress'] as const) : []),
    ...(policyTypes.includes('Egress') ? (['egress'] as const) : []),
  ])
}

/** Rules of a policy that match, by name. */
function matchesOf({ metadata, spec }: NetworkPolicy, { direction, peer, destination }: Question): string[] {
  const rules =
    direction === 'ingress'
      ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
      : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))
  const namespace = metadata?.namespace ?? ''
  return rules.flatMap(({ peers = [], ports = [] }, i) =>
    (peers.length === 0 || peers.some(one => isPeer(one, namespace, peer))) &&
    (ports.length === 0 || ports.some(one => isPort(one, destination)))
      ? [`${direction} rule ${i + 1} of ${namespace}/${metadata?.name}`]
      : [],
  )
}

/** NetworkPolicyPeer: a network, or pods; those of the policy's own namespace unless it selects namespaces. */
function isPeer({ ipBlock, podSelector, namespaceSelector }: PolicyPeer, namespace: string, peer: Party): boolean {
  if (ipBlock !== undefined)
    return liesIn(peer.address, ipBlock.cidr) && !(ipBlock.except ?? []).some(one => liesIn(peer.address, one))
  if (peer.kind !== 'pod') return false
  const inNamespace =
    namespaceSelector === undefined ? peer.namespace === namespace : selects(namespaceSelector, peer.namespaceLabels)
  const isPod = podSelector === undefined ? namespaceSelector !== undefined : selects(podSelector, peer.labels)
  return inNamespace && isPod
}

/** NetworkPolicyPort: TCP unless it says otherwise, every port unless it names one, a range with endPort. */
function isPort({ protocol = 'TCP', port, endPort }: PolicyPort, destination: Destination): boolean {
  if (typeof port === 'string') return isNamed(destination, port, protocol)
  if (protocol !== destination.protocol) return false
  return port === undefined || (port <= destination.port && destination.port <= (endPort ?? port))
}
