import { readFile } from 'node:fs/promises'
import { type Database, mapKey, type Operation, openDatabase, parseSchema, type TableReplica } from '@ovnkit/ovsdb'
import { Engine } from '../engine.ts'
import type { OwnerKind, Rendered } from '../owner.ts'
import type { World } from '../sequence-expander.ts'
import { Store } from '../store.ts'
import type { Desired } from '../target.ts'
import { databaseReplica } from './database-replica.ts'
import { type ColumnValue, OvsdbObjects, type RowRef } from './desired.ts'
import { OvsdbTarget } from './ovsdb-target.ts'

export const SCHEMA = '/usr/share/ovn/ovn-nb.ovsschema'

const TABLES = [
  'NB_Global',
  'Logical_Switch',
  'Logical_Switch_Port',
  'Port_Group',
  'Address_Set',
  'Load_Balancer',
] as const

/** A connection to a real northbound database. */
export async function openNorthbound(remote: string): Promise<Database> {
  const schema = parseSchema(JSON.parse(await readFile(SCHEMA, 'utf8')))
  const indexes = { byName: ['name'], byOwner: [mapKey('external_ids', 'owner')] }
  const db = openDatabase(schema, {
    remotes: remote,
    backoff: { min: 10, max: 50 },
    tables: Object.fromEntries(TABLES.map(table => [table, table === 'NB_Global' ? {} : { indexes }])),
  })
  await db.ready()
  return db
}

export interface Pod {
  /** A network of ours, or `foreign:<name>`: a switch that somebody else made. */
  readonly net: string
  readonly address: string
  readonly group?: string
  /** Another name for the port than its key. */
  readonly name?: string
  readonly ids?: Readonly<Record<string, string | undefined>>
}

export interface Sources {
  readonly nets: Store<string>
  readonly pods: Store<Pod>
  readonly groups: Store<string>
  /** Load balancers: virtual addresses to their endpoints. */
  readonly services: Store<Readonly<Record<string, string>>>
}

export function newSources(): Sources {
  const sources: Sources = {
    nets: new Store({ name: 'nets' }),
    pods: new Store<Pod>({ name: 'pods' }),
    groups: new Store({ name: 'groups' }),
    services: new Store({ name: 'services' }),
  }
  for (const store of Object.values(sources)) store.markSynced()
  return sources
}

const nb = new OvsdbObjects({ target: 'nb', namespace: 'test' })

/** An engine that keeps networks, pods, groups and services in a northbound database. */
export class Northbound implements World {
  readonly sources: Sources
  readonly db: Database
  readonly engine: Engine
  readonly transactions: (readonly Operation[])[] = []

  constructor(db: Database, sources: Sources, options: { readonly byMarkAlone?: boolean } = {}) {
    this.db = db
    this.sources = sources
    const replica = databaseReplica(db, TABLES)
    const target = new OvsdbTarget({
      name: 'nb',
      replica: {
        ...replica,
        // A spread copies the value of a getter.
        get ready() {
          return replica.ready
        },
        transact: (operations, signal) => {
          this.transactions.push(operations)
          return replica.transact(operations, signal)
        },
      },
      ownership: { mark: ['managed-by', 'test'], owner: 'owner', byMarkAlone: options.byMarkAlone === true },
      contributed: [
        { table: 'Port_Group', column: 'ports' },
        { table: 'Address_Set', column: 'addresses' },
      ],
    })
    this.engine = new Engine({ owners: kinds(sources), targets: [target], backoff: { initial: 20, cap: 200 } })
  }

  another(): Northbound {
    return new Northbound(this.db, this.sources)
  }

  /** All rows but NB_Global, without what only their history explains. */
  dump(): unknown {
    return Object.fromEntries(
      TABLES.filter(table => table !== 'NB_Global').map(table => [table, this.#dumpTable(table)]),
    )
  }

  row(table: (typeof TABLES)[number], name: string): Record<string, unknown> | undefined {
    const rows: TableReplica<object> = this.db.table(table)
    const row = rows.by('byName', name)
    return row && plain(row)
  }

  #dumpTable(table: string): unknown[] {
    return [...this.db.table(table).rows()].map(plain).sort((a, b) => (String(a._uuid) < String(b._uuid) ? -1 : 1))
  }
}

/** A row with its sets as sorted arrays and its maps as sorted pairs. */
function plain(row: object): Record<string, unknown> {
  const entries = Object.entries(row).map(([column, value]) => [column, isIterable(value) ? sorted(value) : value])
  return Object.fromEntries(entries)
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value

const sorted = (values: Iterable<unknown>): unknown[] =>
  [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

function kinds({ nets, pods, groups, services }: Sources): OwnerKind[] {
  return [
    {
      kind: 'net',
      keys: nets,
      render: (key, view) => row('Logical_Switch', key, { other_config: { subnet: view.get(nets, key) } }),
    },
    {
      kind: 'group',
      keys: groups,
      render: key =>
        objects(
          nb.row({ table: 'Port_Group', key, columns: { name: key } }),
          nb.row({ table: 'Address_Set', key, columns: { name: key } }),
        ),
    },
    {
      kind: 'service',
      keys: services,
      render: (key, view) => row('Load_Balancer', key, { vips: view.get(services, key) }),
    },
    {
      kind: 'pod',
      keys: pods,
      order: 1,
      render(key, view) {
        const pod = view.get(pods, key)
        if (!pod) return objects()
        // With `objects`: a port that stays in its former network would depend on what was before.
        if (!pod.net.startsWith('foreign:') && !view.has(nets, pod.net))
          return { kind: 'wait', reason: 'NoNet', objects: [] }
        return objects(...portOf(key, pod), ...membershipOf(key, pod))
      },
    },
  ]
}

function portOf(key: string, pod: Pod): Desired[] {
  const parent: RowRef = pod.net.startsWith('foreign:')
    ? { table: 'Logical_Switch', index: 'byName', value: pod.net.slice('foreign:'.length) }
    : { table: 'Logical_Switch', key: pod.net }
  const columns = { name: pod.name ?? key, addresses: [pod.address], external_ids: { pod: key, ...pod.ids } }
  return [nb.row({ table: 'Logical_Switch_Port', key, columns, parent: { ...parent, column: 'ports' } })]
}

function membershipOf(key: string, { group, address }: Pod): Desired[] {
  if (group === undefined) return []
  return [
    nb.element({
      row: { table: 'Port_Group', key: group },
      column: 'ports',
      value: nb.ref('Logical_Switch_Port', key),
    }),
    nb.element({ row: { table: 'Address_Set', key: group }, column: 'addresses', value: address }),
  ]
}

const row = (table: string, key: string, columns: Record<string, ColumnValue>): Rendered =>
  objects(nb.row({ table, key, columns: { name: key, ...columns } }))

const objects = (...objects: Desired[]): Rendered => ({ kind: 'objects', objects })
