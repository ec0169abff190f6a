import { parseIp } from '@ovnkit/inet'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PodFacts } from '../facts/pod.ts'
import { network, type World, world } from './allocator.fixture.ts'
import { type KnownPort, restore } from './restore.ts'
import { recordedAddresses } from './wishes.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const name = fc.constantFrom(...names)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create' as const), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('bind' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unbind' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('exclude' as const), last: fc.integer({ min: 2, max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
)

/** The controller's world with what outlives it: pods and their records, port rows, bindings. */
class Model {
  w: World = world()
  #serial = 0
  #exclude: string[] = []
  /** Addresses by pod instance, as first seen. */
  readonly seen = new Map<string, string>()

  constructor() {
    this.w.addNetwork(network('default', '10.0.0.0/29'))
  }

  create(pod: string): void {
    this.w.addPod(pod, { uid: `${pod}-${++this.#serial}` })
    this.#record()
  }

  exclude(last: number): void {
    this.#exclude = last > 2 ? [`10.0.0.3-10.0.0.${last}`] : []
    this.w.addNetwork(network('default', '10.0.0.0/29', { exclude: this.#exclude }))
    this.#record()
  }

  /** Another process takes over, with nothing but what was written. */
  restart(): void {
    const before = this.w
    this.w = world()
    for (const [port, addresses] of before.claims.bound) this.w.claims.bound.set(port, addresses)
    const value = network('default', '10.0.0.0/29', { exclude: this.#exclude })
    this.w.addNetwork(value)
    restore(this.w.allocator, {
      pods: new Map(before.pods.entries()),
      networks: [value],
      ports: this.#ports(before),
      claimed: [...before.claims.bound].map(([port, addresses]) => ({
        namespace: 'ns',
        pod: port.slice(3),
        uid: '',
        name: port,
        addresses: addresses.map(parseIp),
      })),
      recorded: recordedAddresses,
    })
    for (const [key, pod] of before.pods.entries()) this.w.pods.set(key, pod)
    this.#record()
  }

  bind(pod: string): void {
    const address = this.w.addressOf(pod)
    if (address.startsWith('10.')) this.w.claims.bound.set(`ns_${pod}`, [address])
    this.w.allocator.claimsChanged(`ns_${pod}`)
  }

  unbind(pod: string): void {
    this.w.claims.bound.delete(`ns_${pod}`)
    this.w.allocator.claimsChanged(`ns_${pod}`)
    this.#record()
  }

  /** What the renders write: the record on the pod. */
  #record(): void {
    for (const [key, pod] of [...this.w.pods.entries()]) {
      const assignment = this.w.allocator.assignments.get(key)
      if (assignment?.state !== 'assigned' || assignment.uid !== pod.uid) continue
      const text = JSON.stringify({
        default: {
          ip_addresses: assignment.addresses.map(ip => `${ip}/29`),
          mac_address: '0a:58:00:00:00:01',
          gateway_ips: [],
          routes: [],
        },
      })
      if (pod.annotations['k8s.ovn.org/pod-networks'] !== text) {
        this.w.pods.set(key, {
          ...pod,
          annotations: { 'k8s.ovn.org/pod-networks': text, 'zstack.io/pod-uid': pod.uid },
        })
      }
    }
  }

  #ports(before: World): KnownPort[] {
    return [...before.allocator.assignments.entries()].flatMap(([key, one]) =>
      one.state === 'assigned'
        ? [{ namespace: 'ns', pod: key.slice(3), uid: one.uid, name: `ns_${key.slice(3)}`, addresses: one.addresses }]
        : [],
    )
  }
}

it('never gives one address to two, never changes a pod’s, never forgets one, through any events and restarts', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const model = new Model()
      for (const one of steps) {
        if (one.kind === 'create') model.create(one.name)
        else if (one.kind === 'delete') model.w.pods.delete(`ns/${one.name}`)
        else if (one.kind === 'end') end(model, one.name)
        else if (one.kind === 'bind') model.bind(one.name)
        else if (one.kind === 'unbind') model.unbind(one.name)
        else if (one.kind === 'exclude') model.exclude(one.last)
        else model.restart()
        check(model)
      }
    }),
    { numRuns: 500 },
  )
})

function end(model: Model, pod: string): void {
  const facts: PodFacts | undefined = model.w.pods.get(`ns/${pod}`)
  if (facts !== undefined) model.w.pods.set(`ns/${pod}`, { ...facts, ended: true })
}

function check(model: Model): void {
  const { w, seen } = model
  const live = [...w.pods.entries()].filter(([, pod]) => !pod.ended)
  const given = live.map(([, pod]) => w.addressOf(pod.name)).filter(address => address.startsWith('10.'))
  expect(new Set(given).size).toBe(given.length)
  expect(given).not.toContain('10.0.0.1')
  for (const [, pod] of live) {
    const address = w.addressOf(pod.name)
    if (address.startsWith('10.')) expect(seen.get(pod.uid) ?? address).toBe(address)
    if (address.startsWith('10.')) seen.set(pod.uid, address)
  }
  // Whoever still claims an address that its pod no longer has keeps it from all others.
  for (const [port, addresses] of w.claims.bound) {
    for (const address of addresses) {
      const users = live.filter(([, pod]) => w.addressOf(pod.name) === address)
      for (const [, pod] of users) expect(`ns_${pod.name}`).toBe(port)
    }
  }
  const usage = w.allocator.usage.get('10.0.0.0/29')
  if (given.length < live.length) expect(usage?.available).toBe(0)
  expect(usage?.used).toBe(given.length + w.allocator.held)
}
