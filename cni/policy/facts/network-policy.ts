import { type Cidr, cidrContains, InetError, parseCidr } from '@ovnkit/inet'
import type { NetworkPolicy } from '@ovnkit/kube'
import type { PodGroup } from '../group.ts'
import { PolicyMistake } from '../mistake.ts'
import type { Direction, Peer, Policy, PolicyRule, PortMatch } from '../rule.ts'
import { anything, parseSelector } from '../selector.ts'
import { attempt, type Problems } from './attempt.ts'
import { type ApiPort, parsePort } from './port.ts'

type Spec = NonNullable<NetworkPolicy['spec']>
type ApiRule = NonNullable<Spec['ingress']>[number] | NonNullable<Spec['egress']>[number]
type ApiPeer = NonNullable<NonNullable<Spec['ingress']>[number]['_from']>[number]

/** What a NetworkPolicy (networking.k8s.io/v1) says. A part of it that says nothing lets nothing through, and is among the problems. */
export function networkPolicyFacts({ metadata = {}, spec }: NetworkPolicy): Policy {
  const { namespace = '', name = '', uid = '' } = metadata
  const problems: string[] = []
  const read = readerOf(namespace, problems)
  const pods = spec && attempt(problems, 'spec.podSelector', () => parseSelector(spec.podSelector ?? {}))
  const isolates = pods === undefined || spec === undefined ? [] : policyTypes(spec)
  const rules = isolates.flatMap(direction => read(direction, spec?.[direction] ?? []))
  const subject: PodGroup = { namespaces: { name: namespace }, pods: pods ?? anything }
  return { kind: 'NetworkPolicy', namespace, name, uid, band: 'network', rank: 0, subject, isolates, rules, problems }
}

/** Without types a policy isolates for ingress, and for egress if it has egress rules. */
function policyTypes({ policyTypes: types = [], egress = [] }: Spec): Direction[] {
  const named = types.length > 0 ? types : ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])]
  return (['ingress', 'egress'] as const).filter(direction => named.some(type => type.toLowerCase() === direction))
}

const readerOf = (namespace: string, problems: Problems) => (direction: Direction, rules: readonly ApiRule[]) =>
  rules.map((rule, i): PolicyRule => {
    const at = `spec.${direction}[${i}]`
    const [field, peers] = peersOf(rule, direction)
    return {
      direction,
      action: 'allow',
      peers:
        peers.length === 0
          ? 'everybody'
          : peers.flatMap((peer, k) => attempt(problems, `${at}.${field}[${k}]`, () => peerOf(peer, namespace)) ?? []),
      ports: portsOf(rule.ports ?? [], `${at}.ports`, problems),
    }
  })

/** The JavaScript client's types call the field `from` by another name, because it is a word of the language. */
function peersOf(rule: ApiRule, direction: Direction): [string, readonly ApiPeer[]] {
  if (direction === 'egress') return ['to', ('to' in rule ? rule.to : undefined) ?? []]
  return ['from', (Reflect.get(rule, 'from') as readonly ApiPeer[] | null | undefined) ?? []]
}

function portsOf(ports: readonly ApiPort[], at: string, problems: Problems): PolicyRule['ports'] {
  if (ports.length === 0) return 'all'
  return ports.flatMap((port, k): PortMatch[] => {
    const parsed = attempt(problems, `${at}[${k}]`, () => parsePort(port))
    return parsed === undefined ? [] : [parsed]
  })
}

/** More different peers than this are rare; then those that are shared are made anew. */
const mostShared = 20_000
const shared = new Map<string, Peer>()

/** Policies name the same peers again and again, in both directions and in many namespaces: equal ones are one object, whose name is made once. */
function peerOf(peer: ApiPeer, namespace: string): Peer {
  const where = peer.namespaceSelector === undefined && peer.ipBlock === undefined ? namespace : ''
  const key = `${where} ${JSON.stringify(peer)}`
  const known = shared.get(key)
  if (known !== undefined) return known
  const parsed = parsePeer(peer, namespace)
  if (shared.size >= mostShared) shared.clear()
  shared.set(key, parsed)
  return parsed
}

function parsePeer({ podSelector, namespaceSelector, ipBlock }: ApiPeer, namespace: string): Peer {
  if (ipBlock !== undefined) {
    if (podSelector !== undefined || namespaceSelector !== undefined)
      throw new PolicyMistake('expected ipBlock alone, got a selector beside it; write two peers')
    return parseBlock(ipBlock.cidr, ipBlock.except ?? [])
  }
  if (podSelector === undefined && namespaceSelector === undefined)
    throw new PolicyMistake('expected podSelector, namespaceSelector or ipBlock, got none of them')
  const namespaces =
    namespaceSelector === undefined ? { name: namespace } : { selector: parseSelector(namespaceSelector) }
  return { kind: 'pods', group: { namespaces, pods: parseSelector(podSelector ?? {}) } }
}

/** @throws PolicyMistake when a network cannot be read, or what is excepted lies outside of the block */
export function parseBlock(text: string, excepted: readonly string[]): Peer {
  const cidr = network(text)
  const except = excepted.map(network)
  const outside = except.find(one => !cidrContains(cidr, one))
  if (outside !== undefined) throw new PolicyMistake(`expected exceptions inside of ${cidr.text}, got ${outside.text}`)
  return { kind: 'block', cidr, except }
}

function network(text: string): Cidr {
  try {
    return parseCidr(text, { hostBits: 'mask' })
  } catch (error) {
    if (error instanceof InetError) throw new PolicyMistake(error.message)
    throw error
  }
}
