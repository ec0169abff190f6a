import { readFileSync } from 'node:fs'
import { OVN_Northbound, type OVN_Northbound_Tables } from '@ovnkit/ovn'
import { type Database, type Operation, type Outcome, openDatabase, randomUuid, type Uuid } from '@ovnkit/ovsdb'
import { startOvsdbServer } from '@ovnkit/ovsdb/testing'
import { waitUntil } from '@ovnkit/testing'
import { median, type Report, spread } from './measure.ts'
import { type NewPort, rawWrite } from './raw-write.ts'
import { recipe, serve } from './recipe.ts'

const INSERTS = 2000

type Nb = Database<OVN_Northbound_Tables>
/** What is made ready before the clock runs; the function that is returned is what it measures. */
type Way = (db: Nb, ports: readonly NewPort[], remote: string) => Promise<() => Promise<readonly Outcome[]>>

const clientWays: Readonly<Record<string, Way>> = {
  'one by one': async (db, ports) => async () => {
    const outcomes: Outcome[] = []
    for (const port of ports) outcomes.push(await db.transact(operationsOf(db, port)))
    return outcomes
  },
  pipelined: async (db, ports) => () => Promise.all(ports.map(port => db.transact(operationsOf(db, port)))),
  batcher: async (db, ports) => () => {
    const batcher = db.batcher()
    return Promise.all(ports.map(port => batcher.transact(operationsOf(db, port))))
  },
  'one transaction': async (db, ports) => async () => [
    await db.transact(ports.flatMap(port => operationsOf(db, port))),
  ],
}

/** The server's own floor: bytes that are there before the clock runs, and an answer of which only the end is looked for. */
const raw: Readonly<Record<string, Way>> = { 'raw socket': (_, ports, remote) => rawWrite(remote, ports) }

/** Ports with their place in a switch, as a pod needs them. */
function newPorts(switches: readonly Uuid<'Logical_Switch'>[]): NewPort[] {
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
  return Array.from({ length: INSERTS }, (_, n) => ({
    uuid: randomUuid<'Logical_Switch_Port'>(),
    switch: switches[n % switches.length] ?? randomUuid<'Logical_Switch'>(),
    address: `0a:58:0b:00:${hex(n >> 8)}:${hex(n & 255)} 11.0.${n >> 8}.${n & 255}`,
    pod: `pod-${n}`,
  }))
}

function operationsOf(db: Nb, { uuid, switch: target, address, pod }: NewPort): Operation[] {
  return [
    db.op.insert('Logical_Switch_Port', uuid, { name: uuid, addresses: [address], external_ids: { pod } }),
    db.op.addToSet('Logical_Switch', target, 'ports', [uuid]),
  ]
}

/** Milliseconds of CPU that a process has used, in ticks of 10. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

interface Place {
  readonly name: string
  readonly remote: string
  readonly pids: readonly number[]
}

interface Cost {
  readonly wall: number
  readonly client: number
  readonly servers: number
}

async function runOnce(db: Nb, way: Way, { remote, pids }: Place): Promise<Cost> {
  const ports = db.table('Logical_Switch_Port')
  const { size } = ports
  const run = await way(db, newPorts(db.table('Logical_Switch').uuids().take(200).toArray()), remote)
  const servers = (): number => pids.reduce((sum, pid) => sum + cpuOf(pid), 0)
  const [start, cpu, before] = [performance.now(), process.cpuUsage(), servers()]
  const outcomes = await run()
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  const failed = outcomes.find(({ status }) => status !== 'committed')
  if (failed) throw new Error(`a transaction ended as ${failed.status}`, { cause: failed })
  const cost = { wall, client: (user + system) / 1000, servers: servers() - before }
  // The client's own ways resolve when the replica shows the rows.
  await waitUntil('all rows are in the replica', () => ports.size === size + INSERTS)
  return cost
}

async function compare(place: Place, rounds: number, ways: Readonly<Record<string, Way>>): Promise<Report> {
  await using db = openDatabase(OVN_Northbound, {
    remotes: place.remote,
    tables: { Logical_Switch: {}, Logical_Switch_Port: {} },
  })
  await db.ready()
  const costs = new Map(Object.keys(ways).map(way => [way, [] as Cost[]]))
  for (let round = -1; round < rounds; round++) {
    for (const [way, run] of Object.entries(ways)) {
      const cost = await runOnce(db, run, place)
      if (round >= 0) costs.get(way)?.push(cost)
    }
  }
  const slowest = median(costs.get('one by one')?.map(({ wall }) => wall) ?? [])
  const rows = Object.keys(ways).map(way => {
    const of = costs.get(way) ?? []
    return {
      way,
      'wall ms': spread(of.map(({ wall }) => wall)),
      'times faster': (slowest / median(of.map(({ wall }) => wall))).toFixed(1),
      'client CPU ms': spread(of.map(({ client }) => client)),
      'server CPU ms': spread(of.map(({ servers }) => servers)),
    }
  })
  return {
    question: `How long do ${INSERTS} ports with their places in 200 switches take on ${place.name}?`,
    method: `${rounds} interleaved rounds after one to warm up; the time includes the replica showing them, on a raw socket only the answers. Median (least .. most).`,
    rows,
  }
}

export async function benchWrites(rounds: number): Promise<Report> {
  await using server = await serve((await recipe()).nb)
  // Awaited here: the server goes with this function.
  return await compare(
    { name: 'a standalone server with 10,000 ports', remote: server.remote, pids: [server.pid] },
    rounds,
    { ...clientWays, ...raw },
  )
}

/** Needs a machine that is not overloaded: members that get no CPU for a second elect another leader. */
export async function benchClusterWrites(rounds: number): Promise<Report> {
  await using server = await startOvsdbServer({ schema: '/usr/share/ovn/ovn-nb.ovsschema', model: 'raft' })
  await using db = openDatabase(OVN_Northbound, { remotes: server.remote, tables: {} })
  await db.ready()
  const names = Array.from({ length: 200 }, (_, n) => `switch-${n}`)
  await db.transact(names.map(name => db.op.insert('Logical_Switch', randomUuid(), { name })))
  const pids = server.members.map(({ daemon }) => daemon.pid ?? 0)
  return await compare(
    { name: 'a cluster of three members on this machine', remote: server.remote, pids },
    rounds,
    clientWays,
  )
}
