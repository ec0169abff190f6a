import { remove, update, uuidFor } from '@ovnkit/ovsdb'
import { startOvsdbServer, type TestServer } from '@ovnkit/ovsdb/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { expandSequence, type Step } from '../sequence-expander.ts'
import { Northbound, newSources, openNorthbound, type Pod, SCHEMA } from './northbound.fixture.ts'

let server: TestServer

beforeEach(async () => {
  server = await startOvsdbServer({ schema: SCHEMA })
})

afterEach(() => server[Symbol.asyncDispose]())

const name = fc.constantFrom('a', 'b', 'c')
const pod: fc.Arbitrary<Pod> = fc.record(
  { net: name, address: fc.constantFrom('10.0.0.2', '10.0.0.3', '10.0.0.4'), group: fc.constantFrom('g', 'h') },
  { requiredKeys: ['net', 'address'] },
)
const vips = fc.dictionary(
  fc.constantFrom('10.96.0.1:80', '10.96.0.2:80'),
  fc.constantFrom('10.0.0.2:80', '10.0.0.3:80'),
)

/** Steps as data, so that a counterexample can be read. */
const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('net' as const), key: name, value: fc.option(name, { nil: undefined }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pod' as const), key: name, value: fc.option(pod, { nil: undefined }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('group' as const), key: fc.constantFrom('g', 'h'), there: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('service' as const),
      key: name,
      value: fc.option(vips, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('port rewritten' as const), key: name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('switch removed' as const), key: name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('group removed' as const), key: fc.constantFrom('g', 'h') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('server killed' as const) }) },
)
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

function put<V>(
  store: { set(key: string, value: V): unknown; delete(key: string): unknown },
  key: string,
  value?: V,
): void {
  if (value === undefined) store.delete(key)
  else store.set(key, value)
}

async function run(event: Event, { sources, db }: Northbound): Promise<void> {
  switch (event.kind) {
    case 'net':
      return put(sources.nets, event.key, event.value)
    case 'pod':
      return put(sources.pods, event.key, event.value)
    case 'group':
      return put(sources.groups, event.key, event.there ? event.key : undefined)
    case 'service':
      return put(sources.services, event.key, event.value)
    case 'port rewritten': {
      const uuid = uuidFor('test', `Logical_Switch_Port/${event.key}`)
      await db.transact([update('Logical_Switch_Port', uuid, { addresses: ['1.2.3.4'], name: 'drift' })])
      return
    }
    case 'switch removed':
      await db.transact([remove('Logical_Switch', uuidFor('test', `Logical_Switch/${event.key}`))])
      return
    case 'group removed':
      await db.transact([remove('Port_Group', uuidFor('test', `Port_Group/${event.key}`))])
      return
    case 'server killed':
      return server.restart()
  }
}

/** A database in which nothing is ours. */
async function create(): Promise<Northbound> {
  const db = await openNorthbound(server.remote)
  for (const table of ['Logical_Switch', 'Port_Group', 'Address_Set', 'Load_Balancer'] as const) {
    await db.transact([...db.table(table).uuids()].map(uuid => remove(table, uuid)))
  }
  return new Northbound(db, newSources())
}

const stepOf =
  (event: Event): Step<Northbound> =>
  world =>
    run(event, world)

test('every sequence of events and disturbances ends as recomputed in a real database, and a second run sends nothing', async () => {
  const sequences = fc.array(event, { minLength: 1, maxLength: 12 })
  const property = fc.asyncProperty(sequences, events =>
    expandSequence({ create, steps: events.map(stepOf), dispose: ({ db }) => db[Symbol.asyncDispose]() }),
  )
  await fc.assert(property, { numRuns: 15 })
  expect(server.members).toHaveLength(1)
})
