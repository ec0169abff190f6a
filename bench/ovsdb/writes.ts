import { OVN_Northbound, type OVN_Northbound_Tables } from '@ovnkit/ovn'
import { type Database, type Operation, openDatabase, randomUuid, type Uuid } from '@ovnkit/ovsdb'
import { type Report, spread } from './measure.ts'
import { recipe, serve } from './recipe.ts'

const INSERTS = 2000

type Nb = Database<OVN_Northbound_Tables>
type Way = (db: Nb, groups: readonly (readonly Operation[])[]) => Promise<unknown>

const ways: Readonly<Record<string, Way>> = {
  'one by one': async (db, groups) => {
    for (const group of groups) await db.transact(group)
  },
  pipelined: (db, groups) => Promise.all(groups.map(group => db.transact(group))),
  batcher: (db, groups) => {
    const batcher = db.batcher()
    return Promise.all(groups.map(group => batcher.transact(group)))
  },
  'one transaction': (db, groups) => db.transact(groups.flat()),
}

/** Ports with their place in a switch, as a pod needs them. */
function groups(db: Nb, switches: readonly Uuid<'Logical_Switch'>[]): Operation[][] {
  return Array.from({ length: INSERTS }, (_, n) => {
    const port = randomUuid<'Logical_Switch_Port'>()
    const target = switches[n % switches.length] ?? randomUuid<'Logical_Switch'>()
    const addresses = [
      `0a:58:0b:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')} 11.0.${n >> 8}.${n & 255}`,
    ]
    return [
      db.op.insert('Logical_Switch_Port', port, { name: port, addresses, external_ids: { pod: `pod-${n}` } }),
      db.op.addToSet('Logical_Switch', target, 'ports', [port]),
    ]
  })
}

export async function benchWrites(rounds: number): Promise<Report> {
  await using server = await serve((await recipe()).nb)
  const tables = { Logical_Switch: {}, Logical_Switch_Port: {} }
  await using db = openDatabase(OVN_Northbound, { remotes: server.remote, tables })
  await db.ready()
  const switches = db.table('Logical_Switch').uuids().toArray()
  const wall = new Map(Object.keys(ways).map(name => [name, [] as number[]]))
  const cpu = new Map(Object.keys(ways).map(name => [name, [] as number[]]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(ways)) {
      const work = groups(db, switches)
      const [start, before, size] = [performance.now(), process.cpuUsage(), db.table('Logical_Switch_Port').size]
      await run(db, work)
      const { user, system } = process.cpuUsage(before)
      if (db.table('Logical_Switch_Port').size !== size + INSERTS) throw new Error(`${name}: rows are missing`)
      if (round < 0) continue
      wall.get(name)?.push(performance.now() - start)
      cpu.get(name)?.push((user + system) / 1000)
    }
  }
  return {
    question: `How long do ${INSERTS} ports with their places in a switch take, on a database of 10,000?`,
    method: `${rounds} interleaved rounds after one to warm up; the time includes the replica showing them. Median (least .. most).`,
    rows: Object.keys(ways).map(name => ({
      way: name,
      'wall ms': spread(wall.get(name) ?? []),
      'client CPU ms': spread(cpu.get(name) ?? []),
      'us a port': ((1000 * (wall.get(name) ?? []).reduce((a, b) => a + b, 0)) / rounds / INSERTS).toFixed(0),
    })),
  }
}
