import { setTimeout as delay } from 'node:timers/promises'
import { mayConnect } from '@ovnkit/cni-policy/reference'
import { type Change, changed, policyKey, pool, type Situation, worldOf } from '@ovnkit/cni-policy/testing'
import { installed, surroundingsOf } from './check.ts'
import type { Answer, Question } from './peers.ts'
import { type Probe, probesOf } from './questions.ts'
import type { Stage } from './stage.ts'

/** What a connection is before and after a change. */
export type Course = 'stays open' | 'stays shut' | 'opens' | 'shuts'

/** One connection under a change: every attempt was a new connection. */
export interface Watched {
  readonly probe: Probe
  readonly course: Course
  /** Of the one that is asked. */
  readonly node: string
  readonly attempts: number
  /** Of a connection that is open all the time: attempts whose first packet or answer was lost. */
  readonly lost: number
  /** Of a connection that is shut all the time: attempts that were answered. */
  readonly leaked: number
  /**
   * Milliseconds from the write to the API until the connection first was answered (opens), or last was (shuts: 0 when it never was
   * after the write); undefined: it did not change, or did not do so in time.
   */
  readonly turnedAfter: number | undefined
}

/** So many connections of each course are watched, asked for every so many milliseconds. */
const [sample, every] = [8, 50]
/** An answer that takes longer came to a repetition (TCP's after 1 s, an asker's of UDP after 200 ms). */
const repeated = { TCP: 900, UDP: 190 } as const
/** Milliseconds before and after the change in which the same is asked. */
const [before, after] = [500, 1500]

interface Attempt {
  readonly probe: Probe
  readonly at: number
  answer?: Answer
}

/** Makes a change while connections of every course are asked for all the time. The pods stay the same. */
export async function watchChange(stage: Stage, change: Change): Promise<Watched[]> {
  const next = changed(stage.situation, change)
  const chosen = await choose(stage, next)
  const asking = new Asking(
    stage,
    chosen.map(({ probe }) => probe),
  )
  await delay(before)
  const wrote = performance.now()
  await stage.become(next)
  await installed(stage)
  await delay(after)
  const attempts = Map.groupBy(await asking.end(), ({ probe }) => probe)
  const nodes = new Map(pool.map(({ key, node }) => [key, node]))
  return chosen.map(({ probe, course }) => ({
    node: nodes.get(probe.to) ?? probe.to,
    ...judge(probe, course, attempts.get(probe) ?? [], wrote),
  }))
}

/** Some connections of each course, the same for the same situations. */
async function choose(stage: Stage, next: Situation): Promise<{ probe: Probe; course: Course }[]> {
  const world = await stage.world()
  const then = worldOf(next, world.nodes, stage.addressOf)
  const all = probesOf(world, await surroundingsOf(stage)).flatMap(probe => {
    const [now, later] = [probe.verdict.allowed, mayConnect(then, probe.connection).allowed]
    if (now === 'unspecified' || later === 'unspecified') return []
    const course: Course = now ? (later ? 'stays open' : 'shuts') : later ? 'opens' : 'stays shut'
    return [{ probe, course }]
  })
  return [...Map.groupBy(all, ({ course }) => course).values()].flatMap(spread)
}

/** Evenly from a list: from all pods, to all pods. */
function spread<T>(all: readonly T[]): T[] {
  const step = Math.max(1, all.length / sample)
  return Array.from({ length: Math.min(sample, all.length) }, (_, i) => all[Math.floor(i * step)]).flatMap(
    one => one ?? [],
  )
}

/** Asks for the same connections again and again, with a new one each time. */
class Asking {
  readonly #stage: Stage
  readonly #probes: readonly Probe[]
  readonly #attempts = new Map<number, Attempt>()
  readonly #clock: NodeJS.Timeout

  constructor(stage: Stage, probes: readonly Probe[]) {
    this.#stage = stage
    this.#probes = probes
    this.#clock = setInterval(() => this.#ask(), every)
  }

  /** Resolves with all attempts, of which the last ones had time. */
  async end(): Promise<Attempt[]> {
    clearInterval(this.#clock)
    await delay(before)
    for (const peer of this.#stage.peers.values()) peer.stop()
    return [...this.#attempts.values()]
  }

  #ask(): void {
    const at = performance.now()
    for (const [name, own] of Map.groupBy(this.#probes, ({ from }) => from)) {
      const questions = own.map((probe): Question => {
        const id = this.#attempts.size
        this.#attempts.set(id, { probe, at })
        return { ...probe, id }
      })
      this.#stage.peers.get(name)?.ask(questions, { heard: answers => this.#heard(answers), allAsked: () => undefined })
    }
  }

  #heard(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const attempt = this.#attempts.get(answer.id)
      if (attempt !== undefined) attempt.answer = answer
    }
  }
}

function judge(probe: Probe, course: Course, attempts: readonly Attempt[], wrote: number): Omit<Watched, 'node'> {
  const answered = attempts.flatMap(({ at, answer }) =>
    answer?.outcome === 'answer' ? [{ at, ms: answer.ms, came: at + answer.ms }] : [],
  )
  const inTime = answered.filter(({ ms }) => ms < repeated[probe.protocol])
  return {
    probe,
    course,
    attempts: attempts.length,
    lost: course === 'stays open' ? attempts.length - inTime.length : 0,
    leaked: course === 'stays shut' ? answered.length : 0,
    turnedAfter: turnedAfter(
      course,
      answered.map(({ came }) => came),
      wrote,
    ),
  }
}

function turnedAfter(course: Course, answers: readonly number[], wrote: number): number | undefined {
  if (course === 'opens') {
    const first = Math.min(...answers)
    return Number.isFinite(first) ? Math.round(first - wrote) : undefined
  }
  return course === 'shuts' ? Math.max(0, Math.round(Math.max(wrote, ...answers) - wrote)) : undefined
}

/** What of a change was wrong, if anything: a name for the policy and what was lost or leaked. */
export const faultsOf = (watched: readonly Watched[]): readonly Watched[] =>
  watched.filter(
    ({ lost, leaked, course, turnedAfter: turned }) =>
      lost > 0 || leaked > 0 || (course === 'opens' && turned === undefined),
  )

/** `policy w/p`, for a line. */
export function titleOf(change: Change): string {
  if (change.kind === 'policy') return `policy ${policyKey(change.policy)}`
  if (change.kind === 'policy removed') return `policy ${change.policy} goes`
  return change.kind === 'namespace labelled' ? `labels of ${change.namespace}` : `labels of ${change.pod}`
}
