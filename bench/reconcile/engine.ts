import type { Engine } from '@ovnkit/reconcile'
import { type Figure, figure, heap, longestTurn, measure, type Sample } from './measure.ts'
import { MemoryReplica } from './memory-replica.ts'
import { engineOver, podAt, podKey, type Sources, sourcesWith } from './world.ts'

const OWNERS = 10_000
const NEW = 1_000
const ROUNDS = 15

interface World {
  readonly replica: MemoryReplica
  readonly sources: Sources
  readonly engine: Engine
}

/** The engine and the OVSDB target alone: renders, recorded reads, comparison and operations, over a database in this process. */
export async function measureEngine(): Promise<Figure[]> {
  const memory = await memoryPerOwner()
  const world = await settledWorld()
  const figures = [...(await oneChange(world)), ...(await newOwners(world)), ...(await restart(world)), memory]
  world.engine[Symbol.dispose]()
  return figures
}

async function settledWorld(): Promise<World> {
  const replica = new MemoryReplica()
  const sources = sourcesWith(OWNERS)
  const engine = engineOver(replica, sources)
  engine.start()
  await engine.settled()
  return { replica, sources, engine }
}

async function oneChange({ engine, sources }: World): Promise<Figure[]> {
  const changes = 150
  const before = { ...engine.stats }
  const samples: Sample[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const work = async () => {
      for (let i = 0; i < changes; i++) {
        sources.pods.set(podKey(i), podAt(i, round + 2))
        await engine.settled()
      }
    }
    samples.push(await measure(work))
  }
  const each = (key: 'renders' | 'operations') => (engine.stats[key] - before[key]) / (ROUNDS * changes)
  const cpu = samples.map(sample => (1000 * sample.cpu) / changes)
  return [
    figure(`one change among ${OWNERS} owners: CPU`, 'us', cpu),
    figure('  renders for it', '', [each('renders')]),
    figure('  operations for it', '', [each('operations')]),
  ]
}

async function newOwners({ engine, sources }: World): Promise<Figure[]> {
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
  const cpu = samples.map(sample => (1000 * sample.cpu) / NEW)
  return [
    figure(`${NEW} new owners at once: CPU each`, 'us', cpu),
    figure('  longest turn of the event loop meanwhile, CPU', 'ms', turns),
  ]
}

async function restart({ replica, sources }: World): Promise<Figure[]> {
  const samples: Sample[] = []
  const before = replica.operations
  for (let round = 0; round < ROUNDS; round++) {
    const engine = engineOver(replica, sources)
    const work = async () => {
      engine.start()
      await engine.settled()
    }
    samples.push(await measure(work))
    engine[Symbol.dispose]()
  }
  const cpu = samples.map(sample => sample.cpu)
  return [
    figure(`restart with ${OWNERS} unchanged owners: CPU`, 'ms', cpu),
    figure('  operations sent', '', [replica.operations - before]),
  ]
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

async function memoryPerOwner(): Promise<Figure> {
  const rounds = [await bytesPerOwner(), await bytesPerOwner(), await bytesPerOwner()]
  return figure('heap for an owner with 3 objects (stores and replica not counted)', 'bytes', rounds)
}
