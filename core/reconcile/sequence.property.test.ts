import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { EagerClock } from './manual-clock.ts'
import { MemoryObject, MemoryTarget } from './memory-target.ts'
import type { OwnerKind, Rendered } from './owner.ts'
import { expandSequence, type Step, type World } from './sequence-expander.ts'
import { Store } from './store.ts'
import type { Desired } from './target.ts'

interface Pod {
  readonly net: string
  readonly labels: readonly string[]
  readonly problem?: 'wait' | 'invalid'
}

interface Sources {
  readonly nets: Store<string>
  readonly pods: Store<Pod>
  readonly policies: Store<string>
  readonly target: MemoryTarget
  readonly notes: MemoryTarget
}

/**
 * Networks, pods on them, policies that select pods by label: references between owners, shared elements (group members),
 * an index read, a key set read, a second target without transactions, and conditions made of other owners' outcomes.
 */
class TestWorld implements World {
  readonly engine: Engine
  readonly sources: Sources

  constructor(sources: Sources) {
    this.sources = sources
    const owners: OwnerKind[] = [this.#net(), this.#policy(), this.#pod(), this.#summary()]
    const { target, notes } = sources
    this.engine = new Engine({ owners, targets: [target, notes], clock: new EagerClock() })
  }

  another(): World {
    return new TestWorld(this.sources)
  }

  dump(): unknown {
    return [this.sources.target.dump(), this.sources.notes.dump()]
  }

  #net(): OwnerKind {
    const { nets } = this.sources
    return {
      kind: 'net',
      keys: nets,
      render: (key, view) => objects(new MemoryObject('memory', `net ${key}`, view.get(nets, key))),
    }
  }

  #policy(): OwnerKind {
    const { policies, pods } = this.sources
    return {
      kind: 'policy',
      keys: policies,
      order: 1,
      render(key, view) {
        const label = view.get(policies, key) ?? ''
        const members = view.by(pods, 'byLabel', label).map(([pod]) => pod)
        return objects(
          new MemoryObject('memory', `group ${label}`, label, { shared: true }),
          new MemoryObject('memory', `policy ${key}`, members.sort()),
        )
      },
    }
  }

  #pod(): OwnerKind {
    const { pods, nets } = this.sources
    return {
      kind: 'pod',
      keys: pods,
      order: 2,
      render(key, view) {
        const pod = view.get(pods, key)
        if (!pod) return objects()
        const net = view.get(nets, pod.net)
        const note = new MemoryObject('notes', `note ${key}`, net)
        // With `objects`: without them the result depends on what was there before, and the variants could not agree.
        if (pod.problem === 'wait' || net === undefined) return { kind: 'wait', reason: 'NoAddress', objects: [note] }
        if (pod.problem) return { kind: 'invalid', reason: 'Bad', message: 'bad request', objects: [] }
        return objects(
          new MemoryObject('memory', `pod ${key}`, [pod.net, net], { needs: [`net ${pod.net}`] }),
          ...pod.labels.map(label => new MemoryObject('memory', `label ${label}`, label, { shared: true })),
          note,
        )
      },
    }
  }

  #summary(): OwnerKind {
    const { pods } = this.sources
    return {
      kind: 'summary',
      keys: ['all'],
      order: 3,
      render: (_key, view) => {
        const states = [...view.keys(pods)]
          .sort()
          .map(key => [key, view.get(this.engine.statusStore, `pod/${key}`)?.state])
        return objects(new MemoryObject('notes', 'summary', states))
      },
    }
  }
}

function create(): TestWorld {
  const sources: Sources = {
    nets: new Store({ name: 'nets' }),
    pods: new Store<Pod>({ name: 'pods', indexes: { byLabel: pod => pod.labels } }),
    policies: new Store({ name: 'policies' }),
    target: new MemoryTarget('memory', { owners: 3 }),
    notes: new MemoryTarget('notes', { inFlight: 2, owners: 1 }),
  }
  for (const store of [sources.nets, sources.pods, sources.policies]) store.markSynced()
  sources.target.content.set('leftover', { owner: 'pod/former', value: 1 })
  return new TestWorld(sources)
}

const objects = (...objects: Desired[]): Rendered => ({ kind: 'objects', objects })

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const name = fc.constantFrom('a', 'b', 'c', 'd')
const label = fc.constantFrom('x', 'y', 'z')
const healthy = { net: name, labels: fc.uniqueArray(label, { maxLength: 2 }) }
const pod: fc.Arbitrary<Pod> = fc.oneof(
  { weight: 4, arbitrary: fc.record(healthy) },
  { weight: 1, arbitrary: fc.record({ ...healthy, problem: fc.constantFrom('wait' as const, 'invalid' as const) }) },
)

const faults = ['lost', 'unknown', 'unavailable'] as const

/** Steps as data, so that a counterexample can be read. */
const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('net' as const), key: name, value: maybe(fc.constantFrom('1', '2')) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pod' as const), key: name, value: maybe(pod) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('policy' as const), key: name, value: maybe(label) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('relist' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('removed' as const), key: fc.constantFrom('pod a', 'net a', 'label x') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('rewritten' as const), key: fc.constantFrom('pod a', 'pod zombie') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wiped' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fault' as const), fault: fc.constantFrom(...faults) }) },
)
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

function run(event: Event, { nets, pods, policies, target }: Sources): unknown {
  switch (event.kind) {
    case 'net':
      return put(nets, event.key, event.value)
    case 'pod':
      return put(pods, event.key, event.value)
    case 'policy':
      return put(policies, event.key, event.value)
    case 'relist':
      return pods.replace([...pods.entries()])
    case 'removed':
      return target.disturb(event.key, undefined)
    case 'rewritten':
      return target.disturb(event.key, { owner: event.key.replace(' ', '/'), value: 'drift' })
    case 'wiped':
      return target.wipe()
    case 'fault':
      return target.script.push(event.fault)
  }
}

function put<V>(store: Store<V>, key: string, value: V | undefined): void {
  if (value === undefined) store.delete(key)
  else store.set(key, value)
}

const stepOf =
  (event: Event): Step<TestWorld> =>
  world =>
    void run(event, world.sources)

describe('every sequence of events and disturbances', () => {
  test('ends as recomputed, however it arrives, and a second run commits nothing', async () => {
    const sequences = fc.array(event, { minLength: 1, maxLength: 14 })
    await fc.assert(
      fc.asyncProperty(sequences, events => expandSequence({ create, steps: events.map(stepOf) })),
      { numRuns: 300 },
    )
  })

  test('the expander notices a render that is not pure', async () => {
    let renders = 0
    const store = new Store<string>({ name: 'store' })
    store.markSynced()
    const target = new MemoryTarget()
    const world = (): World => {
      const render = (key: string): Rendered => objects(new MemoryObject('memory', key, renders++))
      const engine = new Engine({
        owners: [{ kind: 'x', keys: store, render }],
        targets: [target],
        clock: new EagerClock(),
      })
      return { engine, another: world, dump: () => target.dump() }
    }
    const steps = [() => void store.set('a', 'a')]
    await expect(expandSequence({ create: world, steps })).rejects.toThrow(
      'forwards: incremental differs from recomputed',
    )
  })
})
