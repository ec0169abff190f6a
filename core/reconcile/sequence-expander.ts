import { isDeepStrictEqual } from 'node:util'
import type { Engine } from './engine.ts'

/** An engine with its sources and targets. */
export interface World {
  readonly engine: Engine
  /** A new engine, not started, over the same sources and the same (contents of) targets: a restarted process, or a standby. */
  another(): World | Promise<World>
  /** What the targets hold, comparable by value, without what differs from run to run. */
  dump(): unknown
}

/**
 * One event at a source, or one disturbance of a target. It must make sense in any state and any number of times: "set x to
 * y", never "add one to x".
 */
export type Step<W extends World> = (world: W) => void | Promise<void>

export interface Scenario<W extends World> {
  /** A fresh world, not started. */
  create(): W | Promise<W>
  readonly steps: readonly Step<W>[]
  dispose?(world: W): void | PromiseLike<void>
}

/** How a sequence is run. All but `reversed` must end in the same contents. */
export type SequenceVariant = 'forwards' | 'reversed' | 'squashed' | 'duplicated' | 'restarted' | 'handed over'

const VARIANTS: readonly SequenceVariant[] = [
  'forwards',
  'reversed',
  'squashed',
  'duplicated',
  'restarted',
  'handed over',
]

/**
 * Runs a sequence in every variant and checks after each that the incremental result is the recomputed one, that a second
 * run on it commits nothing, and that all variants agree.
 *
 * Throws an Error that names the variant and the difference.
 */
export async function expandSequence<W extends World>(scenario: Scenario<W>, variants = VARIANTS): Promise<void> {
  let expected: { readonly variant: SequenceVariant; readonly dump: unknown } | undefined
  for (const variant of variants) {
    const world = await scenario.create()
    try {
      const last = await RUN[variant](world, scenario.steps)
      await last.engine.settled()
      agreesWithOracle(variant, last)
      await secondRunCommitsNothing(variant, last)
      if (variant === 'reversed') continue
      const dump = last.dump()
      expected ??= { variant, dump }
      if (!isDeepStrictEqual(dump, expected.dump)) {
        throw new Error(`${variant} ends in ${show(dump)}, but ${expected.variant} in ${show(expected.dump)}`)
      }
    } finally {
      world.engine[Symbol.dispose]()
      await scenario.dispose?.(world)
    }
  }
}

type Run = <W extends World>(world: W, steps: readonly Step<W>[]) => Promise<World>

const RUN: Record<SequenceVariant, Run> = {
  async forwards(world, steps) {
    world.engine.start()
    for (const step of steps) {
      await step(world)
      await world.engine.settled()
    }
    return world
  },
  reversed: (world, steps) => RUN.forwards(world, steps.toReversed()),
  duplicated: (world, steps) =>
    RUN.forwards(
      world,
      steps.flatMap(step => [step, step]),
    ),
  async squashed(world, steps) {
    world.engine.start()
    for (const step of steps) await step(world)
    return world
  },
  /** A process dies without warning, with a batch on its way, and its successor starts over what is there. */
  async restarted(world, steps) {
    const middle = steps.length >> 1
    world.engine.start()
    for (const step of steps.slice(0, middle)) await step(world)
    await new Promise(setImmediate)
    world.engine[Symbol.dispose]()
    const successor = await world.another()
    successor.engine.start()
    for (const step of steps.slice(middle)) await step(world)
    return successor
  },
  /** The leader goes on observing as a standby; half of the time between lies with nobody. */
  async 'handed over'(world, steps) {
    const third = Math.ceil(steps.length / 3)
    const standby = await world.another()
    world.engine.start()
    standby.engine.start({ standby: true })
    for (const step of steps.slice(0, third)) await step(world)
    await new Promise(setImmediate)
    world.engine.pause()
    for (const step of steps.slice(third, 2 * third)) await step(world)
    await world.engine.settled()
    standby.engine.resume()
    for (const step of steps.slice(2 * third)) await step(world)
    await standby.engine.settled()
    standby.engine.pause()
    world.engine.resume()
    await world.engine.settled()
    standby.engine[Symbol.dispose]()
    return world
  },
}

function agreesWithOracle(variant: SequenceVariant, world: World): void {
  const differences = world.engine.recompute()
  if (differences.length === 0) return
  const lines = differences.map(({ owner, message }) => `  ${owner}: ${message}`)
  throw new Error(`${variant}: incremental differs from recomputed:\n${lines.join('\n')}`)
}

async function secondRunCommitsNothing(variant: SequenceVariant, world: World): Promise<void> {
  world.engine.pause()
  const second = await world.another()
  second.engine.start()
  await second.engine.settled()
  const { operations, rejections } = second.engine.stats
  second.engine[Symbol.dispose]()
  if (operations + rejections === 0) return
  throw new Error(`${variant}: a second run committed ${operations} operation(s) and was refused ${rejections} time(s)`)
}

const show = (value: unknown): string => JSON.stringify(value, undefined, 2)
