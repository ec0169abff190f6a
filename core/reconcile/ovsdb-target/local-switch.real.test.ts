import { readFile } from 'node:fs/promises'
import { insert, mutate, openDatabase, parseSchema, randomUuid, setKeys } from '@ovnkit/ovsdb'
import { startOvsdbServer } from '@ovnkit/ovsdb/testing'
import { expect, test } from 'vitest'
import { Engine } from '../engine.ts'
import { Store } from '../store.ts'
import { isMapLike } from './column-diff.ts'
import { databaseReplica } from './database-replica.ts'
import { OvsdbObjects } from './desired.ts'
import { OvsdbTarget } from './ovsdb-target.ts'

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'
const TABLES = ['Open_vSwitch', 'Bridge', 'Port', 'Interface'] as const

test('ports and interfaces in a bridge of others, keys in the only row of a table: they come, go, and leave the rest alone', async () => {
  await using server = await startOvsdbServer({ schema: SCHEMA })
  const schema = parseSchema(JSON.parse(await readFile(SCHEMA, 'utf8')))
  const tables = Object.fromEntries(
    TABLES.map(table => [table, table === 'Bridge' ? { indexes: { byName: ['name'] } } : {}]),
  )
  await using db = openDatabase(schema, { remotes: server.remote, tables })
  await db.ready()
  const root = randomUuid()
  const bridge = randomUuid()
  await db.transact([
    insert('Open_vSwitch', root, { bridges: [bridge], external_ids: { hostname: 'theirs' } }),
    insert('Bridge', bridge, { name: 'br-int' }),
  ])

  const ports = new Store<string>({ name: 'ports' })
  ports.replace([['p', 'uid-1']])
  const ovs = new OvsdbObjects({ target: 'ovs', namespace: 'node' })
  const engine = new Engine({
    targets: [
      new OvsdbTarget({
        name: 'ovs',
        replica: databaseReplica(db, TABLES),
        ownership: { mark: ['managed-by', 'test'], owner: 'owner' },
      }),
    ],
    owners: [
      {
        kind: 'port',
        keys: ports,
        render: (name, view) => ({
          kind: 'objects',
          objects: [
            ovs.row({
              table: 'Port',
              key: name,
              columns: { name, interfaces: [ovs.ref('Interface', name)] },
              parent: { table: 'Bridge', index: 'byName', value: 'br-int', column: 'ports' },
            }),
            ovs.row({
              table: 'Interface',
              key: name,
              columns: {
                name,
                type: 'internal',
                mtu_request: 1400,
                external_ids: { 'iface-id': view.get(ports, name) },
              },
            }),
            ovs.element({ row: { table: 'Open_vSwitch' }, column: 'external_ids', key: `port-${name}`, value: 'here' }),
          ],
        }),
      },
    ],
  })
  engine.start()
  await engine.settled()
  expect(engine.status('port/p')).toMatchObject({ state: 'done' })
  expect([db.table('Port').size, db.table('Interface').size]).toEqual([1, 1])
  expect(new Map(externalIds()).get('port-p')).toBe('here')

  // What ovn-controller writes into rows of ours stays.
  const uuid = ovs.ref('Interface', 'p')
  await db.transact([mutate('Interface', uuid, [setKeys('external_ids', { 'ovn-installed': 'true' })])])
  ports.set('p', 'uid-2')
  await engine.settled()
  const ids = column(db.table('Interface').get(uuid), 'external_ids')
  expect(Object.fromEntries(ids)).toMatchObject({ 'iface-id': 'uid-2', 'ovn-installed': 'true' })
  expect(engine.recompute()).toEqual([])

  ports.delete('p')
  await engine.settled()
  expect([db.table('Port').size, db.table('Interface').size]).toEqual([0, 0])
  expect(externalIds()).toEqual([['hostname', 'theirs']])
  expect(engine.stats.rejections).toBe(0)
  engine[Symbol.dispose]()

  function externalIds(): [string, string][] {
    return column(db.table('Open_vSwitch').get(root), 'external_ids')
  }
})

/** The pairs of a map column. */
function column(row: object | undefined, name: string): [string, string][] {
  const value: unknown = new Map(Object.entries(row ?? {})).get(name)
  if (!isMapLike(value)) throw new Error(`no map ${name}`)
  return [...value.keys()].map(key => [String(key), String(value.get(key))])
}
