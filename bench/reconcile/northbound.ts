import { readFile } from 'node:fs/promises'
import { OVN_Northbound } from '@ovnkit/ovn'
import { openDatabase } from '@ovnkit/ovsdb'
import { startOvsdbServer } from '@ovnkit/ovsdb/testing'
import { databaseReplica } from '@ovnkit/reconcile'
import { longestTurn, measure, type Sample, spread } from './measure.ts'
import { engineOver, podAt, podKey, sourcesWith, TABLES } from './world.ts'

/**
 * The same owners over a real ovsdb-server with the northbound schema: what the whole path costs, codec and socket included.
 *
 *   node bench/reconcile/northbound.ts
 */
const OWNERS = 10_000
const NEW = 1_000
const ROUNDS = 7

await using server = await startOvsdbServer({ schema: '/usr/share/ovn/ovn-nb.ovsschema' })
const serverPid = server.members[0]?.daemon.pid ?? 0
const tables = Object.fromEntries(TABLES.map(table => [table, {}]))
await using db = openDatabase(OVN_Northbound, { remotes: server.remote, tables })
await db.ready()
const replica = databaseReplica(db, TABLES)
const sources = sourcesWith(OWNERS)
const engine = engineOver(replica, sources)
engine.start()
await engine.settled()

/** Milliseconds of CPU that a process has used (proc(5): utime and stime in ticks of 10 ms). */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function newOwners(): Promise<void> {
  const samples: Sample[] = []
  const ofServer: number[] = []
  const turns: number[] = []
  const transactions = engine.stats.commits
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
  const batches = (engine.stats.commits - transactions) / ROUNDS
  console.log(
    `${NEW} new owners among ${OWNERS}: ${spread(
      samples.map(s => s.wall),
      0,
    )} ms until committed`,
  )
  console.log(
    `  ${spread(
      samples.map(s => s.cpu),
      0,
    )} ms CPU here, ${spread(ofServer, 0)} in the server, ${batches.toFixed(1)} transactions`,
  )
  console.log(`  longest turn of the engine, encoding included: ${spread(turns, 1)} ms CPU`)
}

async function oneByOne(): Promise<void> {
  const samples: Sample[] = []
  for (let i = 0; i < 200; i++) {
    const work = async () => {
      sources.pods.set(podKey(i), podAt(i, 2))
      await engine.settled()
    }
    samples.push(await measure(work))
  }
  console.log(`one change at a time: ${spread(samples.map(s => s.wall))} ms until committed`)
}

async function restart(): Promise<void> {
  const samples: Sample[] = []
  engine[Symbol.dispose]()
  for (let round = 0; round < ROUNDS; round++) {
    const next = engineOver(replica, sources)
    samples.push(
      await measure(async () => {
        next.start()
        await next.settled()
      }),
    )
    if (next.stats.batches > 0) throw new Error(`a restart sent ${next.stats.batches} transactions`)
    next[Symbol.dispose]()
  }
  const owners = sources.pods.size
  console.log(
    `restart with ${owners} unchanged owners: ${spread(
      samples.map(s => s.cpu),
      0,
    )} ms CPU, 0 transactions`,
  )
}

await oneByOne()
await newOwners()
await restart()
