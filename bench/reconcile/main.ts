import type { Engine } from '@ovnkit/reconcile'
import { heap, longestTurn, measure, type Sample, spread } from './measure.ts'
import { MemoryReplica } from './memory-replica.ts'
import { engineOver, podAt, podKey, type Sources, sourcesWith } from './world.ts'

/**
 * What the engine itself costs: renders, recorded reads, comparison and operations, over a database in this process.
 *
 *   node --expose-gc bench/reconcile/main.ts
 */
const OWNERS = 10_000
const NEW = 1_000
const ROUNDS = 15

interface World {
  readonly replica: MemoryReplica
  readonly sources: Sources
  readonly engine: Engine
}

async function settledWorld(): Promise<World> {
  const replica = new MemoryReplica()
  const sources = sourcesWith(OWNERS)
  const engine = engineOver(replica, sources)
  engine.start()
  await engine.settled()
  return { replica, sources, engine }
}

async function oneChange({ engine, sources }: World): Promise<void> {
  const samples: Sample[] = []
  const before = { ...engine.stats }
  const changes = 2_000
  for (let round = 0; round < ROUNDS; round++) {
    samples.push(
      await measure(async () => {
        for (let i = 0; i < changes / ROUNDS; i++) {
          sources.pods.set(podKey(i), podAt(i, round + 2))
          await engine.settled()
        }
      }),
    )
  }
  const done = engine.stats.renders - before.renders
  const each = (of: (sample: Sample) => number) =>
    spread(
      samples.map(s => (1000 * of(s)) / (done / ROUNDS)),
      0,
    )
  console.log(`one change among ${OWNERS} owners: ${each(s => s.cpu)} us CPU, ${each(s => s.wall)} us until committed`)
  console.log(
    `  for ${done} changes: ${engine.stats.renders - before.renders} renders, ${engine.stats.operations - before.operations} operations`,
  )
}

async function newOwners({ engine, sources }: World): Promise<void> {
  const turns: number[] = []
  const samples: Sample[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: NEW }, (_, i) => OWNERS + round * NEW + i)
    const work = async () => {
      for (const i of keys) sources.pods.set(podKey(i), podAt(i))
      await engine.settled()
    }
    turns.push(await longestTurn(async () => void samples.push(await measure(work))))
    for (const i of keys) sources.pods.delete(podKey(i))
    await engine.settled()
  }
  const each = spread(
    samples.map(({ cpu }) => (1000 * cpu) / NEW),
    1,
  )
  console.log(
    `${NEW} new owners at once: ${each} us CPU each, ${spread(
      samples.map(({ wall }) => wall),
      1,
    )} ms until committed`,
  )
  console.log(`  longest turn of the engine: ${spread(turns, 1)} ms CPU`)
}

async function restart({ replica, sources }: World): Promise<void> {
  const samples: Sample[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = replica.operations
    const engine = engineOver(replica, sources)
    samples.push(
      await measure(async () => {
        engine.start()
        await engine.settled()
      }),
    )
    if (replica.operations !== before) throw new Error(`a restart sent ${replica.operations - before} operations`)
    engine[Symbol.dispose]()
  }
  const of = (pick: (sample: Sample) => number) => spread(samples.map(pick), 0)
  console.log(
    `restart with ${OWNERS} unchanged owners: ${of(s => s.cpu)} ms CPU, ${of(s => s.wall)} ms wall, 0 operations`,
  )
}

/** Sources and a database that is as they want it, and nothing else in memory. */
async function filled(): Promise<Pick<World, 'replica' | 'sources'>> {
  const { replica, sources, engine } = await settledWorld()
  engine[Symbol.dispose]()
  return { replica, sources }
}

/** A function of its own for each round: the registers of a loop would keep the engine of the round before. */
async function bytesPerOwner(): Promise<number> {
  const { replica, sources } = await filled()
  const empty = await heap()
  const engine = engineOver(replica, sources)
  engine.start()
  await engine.settled()
  const bytes = ((await heap()) - empty) / OWNERS
  engine[Symbol.dispose]()
  return bytes
}

async function memory(): Promise<void> {
  const samples = [await bytesPerOwner(), await bytesPerOwner(), await bytesPerOwner()]
  console.log(
    `memory: ${spread(samples, 0)} bytes of heap for an owner with 3 objects (stores and replica not counted)`,
  )
}

await memory()
const world = await settledWorld()
await oneChange(world)
await newOwners(world)
await restart(world)
world.engine[Symbol.dispose]()
