import fc from 'fast-check'
import type { NetworkPolicy, PolicyPeer, PolicyPort } from '../objects.ts'
import { defined } from './defined.ts'
import { families, lengths, places } from './networks.ts'
import { around } from './place.ts'
import { listening, portNames, spaces } from './pool.ts'
import { namespaceSelector, podSelector } from './selectors.ts'

const ipBlock = fc
  .tuple(families, fc.constantFrom(...places), fc.nat(), fc.array(fc.nat(), { maxLength: 2 }))
  .map(([bits, place, length, excluded]): PolicyPeer => {
    const all = lengths[bits]
    const at = length % all.length
    // An exception has to lie within the network, and not to be all of it.
    const longer = all.slice(at + 1)
    const except = longer.length === 0 ? [] : excluded.map(n => around(place, bits, longer[n % longer.length] ?? 32))
    const cidr = around(place, bits, all[at] ?? 32)
    return { ipBlock: except.length === 0 ? { cidr } : { cidr, except: [...new Set(except)] } }
  })

const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  podSelector.map(one => ({ podSelector: one })),
  namespaceSelector.map(one => ({ namespaceSelector: one })),
  fc.record({ podSelector, namespaceSelector }),
  ipBlock,
)

const numbers = [...listening.TCP, 80]

const range = fc
  .tuple(fc.constantFrom(1, 7000, 7080, 7081), fc.constantFrom(0, 1, 2, 100, 58_000))
  .map(([port, more]) => ({
    port,
    endPort: port + more,
  }))

const protocol = fc.constantFrom(undefined, 'TCP', 'UDP', 'TCP', 'UDP', 'SCTP')

const port: fc.Arbitrary<PolicyPort> = fc
  .tuple(
    protocol,
    fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: 4, arbitrary: fc.constantFrom(...numbers).map(one => ({ port: one })) },
      { weight: 3, arbitrary: fc.constantFrom(...portNames, 'nobodys').map(one => ({ port: one })) },
      { weight: 3, arbitrary: range },
    ),
  )
  .map(([kind, one]) => (kind === undefined ? one : { protocol: kind, ...one }))

/** A list that is missing, empty, or has one to three elements. */
const list = <T>(element: fc.Arbitrary<T>, missing: number): fc.Arbitrary<T[] | undefined> =>
  fc.oneof(
    { weight: missing, arbitrary: fc.constantFrom<(T[] | undefined)[]>(undefined, []) },
    { weight: 5, arbitrary: fc.array(element, { minLength: 1, maxLength: 3 }) },
  )

const spec = fc
  .record({
    podSelector,
    policyTypes: fc.constantFrom(undefined, undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
    ingress: list(fc.record({ from: list(peer, 2), ports: list(port, 3) }).map(defined), 2),
    egress: list(fc.record({ to: list(peer, 2), ports: list(port, 3) }).map(defined), 3),
  })
  .map(defined)

/** A few names in each namespace, so that policies are edited as often as made. */
const policyName = fc.tuple(fc.constantFrom(...spaces), fc.constantFrom('p', 'q', 'r'))
export const policyKeys = policyName.map(([namespace, name]) => `${namespace}/${name}`)

/** NetworkPolicies of every shape that the API accepts. */
export const networkPolicies: fc.Arbitrary<NetworkPolicy> = fc
  .tuple(policyName, spec)
  .map(([[namespace, name], one]) => ({ metadata: { namespace, name }, spec: one }))
