import { readFile } from 'node:fs/promises'
import { OVN_Northbound } from '@ovnkit/ovn'
import { openDatabase } from '@ovnkit/ovsdb'
import { startOvsdbServer } from '@ovnkit/ovsdb/testing'
import { databaseReplica, type Engine, type Replica } from '@ovnkit/reconcile'
import { type Figure, figure, longestTurn, measure, type Sample } from './measure.ts'
import { engineOver, podAt, podKey, type Sources, sourcesWith, TABLES } from './world.ts'

const OWNERS = 10_000
const NEW = 1_000
const ROUNDS = 7

/** The same owners over a real ovsdb-server with the northbound schema: codec, socket and server included. */
export async function measureNorthbound(): Promise<Figure[]> {
  await using server = await startOvsdbServer({ schema: '/usr/share/ovn/ovn-nb.ovsschema' })
  const tables = Object.fromEntries(TABLES.map(table => [table, {}]))
  await using db = openDatabase(OVN_Northbound, { remotes: server.remote, tables })
  await db.ready()
  const replica = databaseReplica(db, TABLES)
  const sources = sourcesWith(OWNERS)
  const engine = engineOver(replica, sources)
  engine.start()
  await engine.settled()
  const changes = [
    ...(await oneByOne(engine, sources)),
    ...(await newOwners(engine, sources, server.members[0]?.daemon.pid ?? 0)),
  ]
  engine[Symbol.dispose]()
  return [...changes, ...(await restart(replica, sources))]
}

/** Milliseconds of CPU that a process has used (proc(5): utime and stime in ticks of 10 ms). */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function oneByOne(engine: Engine, sources: Sources): Promise<Figure[]> {
  const samples: Sample[] = []
  for (let i = 0; i < 200; i++) {
    const work = async () => {
      sources.pods.set(podKey(i), podAt(i, 2))
      await engine.settled()
    }
    samples.push(await measure(work))
  }
  const wall = samples.map(sample => sample.wall)
  return [figure('real server: one change, until committed', 'ms', wall)]
}

async function newOwners(engine: Engine, sources: Sources, serverPid: number): Promise<Figure[]> {
  const samples: Sample[] = []
  const ofServer: number[] = []
  const turns: number[] = []
  const { commits } = engine.stats
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: NEW }, (_, i) => OWNERS + round * NEW + i)
    const before = await cpuOf(serverPid)
    const work = async () => {
      for (const i of keys) sources.pods.set(podKey(i), podAt(i))
      await engine.settled()
    }
    turns.push(await longestTurn(async () => void samples.push(await measure(work))))
    ofServer.push((await cpuOf(serverPid)) - before)
  }
  const of = (pick: (sample: Sample) => number) => samples.map(pick)
  const wall = of(sample => sample.wall)
  const cpu = of(sample => sample.cpu)
  return [
    figure(`real server: ${NEW} new owners, until committed`, 'ms', wall),
    figure('  CPU of this process', 'ms', cpu),
    figure('  CPU of the server', 'ms', ofServer),
    figure('  transactions', '', [(engine.stats.commits - commits) / ROUNDS]),
    figure('  longest turn of the event loop, encoding included, CPU', 'ms', turns),
  ]
}

async function restart(replica: Replica, sources: Sources): Promise<Figure[]> {
  const samples: Sample[] = []
  let transactions = 0
  for (let round = 0; round < ROUNDS; round++) {
    const engine = engineOver(replica, sources)
    const work = async () => {
      engine.start()
      await engine.settled()
    }
    samples.push(await measure(work))
    transactions += engine.stats.batches
    engine[Symbol.dispose]()
  }
  const cpu = samples.map(sample => sample.cpu)
  return [
    figure(`real server: restart with ${sources.pods.size} unchanged owners, CPU`, 'ms', cpu),
    figure('  transactions', '', [transactions]),
  ]
}
