import { setTimeout as delay } from 'node:timers/promises'
import { mayConnect } from '@ovnkit/cni-policy/reference'
import { type Change, changed, clusterPolicyKey, policyKey, pool, type Situation } from '@ovnkit/cni-policy/testing'
import { patience } from '../state/wait.ts'
import { installed, surroundingsOf } from './check.ts'
import type { Answer, Question } from './peers.ts'
import type { Probe } from './probe.ts'
import { probesOf } from './questions.ts'
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
  /** Of a connection that is open all the time: attempts that were never answered. */
  readonly lost: number
  /** Of the same, before and after the write: attempts that were answered after a repetition, so something of them was lost. */
  readonly repeated: { readonly before: number; readonly after: number }
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
/** Milliseconds: an answer that takes longer came to a repetition of TCP's, after 1 s. */
const atOnce = 900
/** Milliseconds in which an open connection is answered, if not at once. */
const longest = 4000
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
  const asking = new Asking(stage, chosen)
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
  const then = await stage.worldIn(next)
  const all = probesOf(world, await surroundingsOf(stage)).flatMap(probe => {
    const [now, later] = [probe.verdict.allowed, mayConnect(then, probe.connection).allowed]
    if (now === 'unspecified' || later === 'unspecified') return []
    const course: Course = now ? (later ? 'stays open' : 'shuts') : later ? 'opens' : 'stays shut'
    // UDP does not tell what was lost from what is slow.
    return course === 'stays open' && probe.protocol === 'UDP' ? [] : [{ probe, course }]
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
  readonly #open: ReadonlySet<Probe>
  readonly #attempts = new Map<number, Attempt>()
  readonly #clock: NodeJS.Timeout

  constructor(stage: Stage, chosen: readonly { probe: Probe; course: Course }[]) {
    this.#stage = stage
    this.#probes = chosen.map(({ probe }) => probe)
    this.#open = new Set(chosen.flatMap(({ probe, course }) => (course === 'stays open' ? probe : [])))
    this.#clock = setInterval(() => this.#ask(), every)
  }

  /** Resolves with all attempts, when those that are to be answered are, or had time. */
  async end(): Promise<Attempt[]> {
    clearInterval(this.#clock)
    const deadline = performance.now() + longest * patience
    const isMissing = ({ probe, answer }: Attempt) => this.#open.has(probe) && answer === undefined
    while ([...this.#attempts.values()].some(isMissing) && performance.now() < deadline) await delay(50)
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
  const slow = course === 'stays open' ? answered.filter(({ ms }) => ms >= atOnce) : []
  const late = slow.filter(({ at }) => at >= wrote).length
  return {
    probe,
    course,
    attempts: attempts.length,
    lost: course === 'stays open' ? attempts.length - answered.length : 0,
    repeated: { before: slow.length - late, after: late },
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

/**
 * What of a change was wrong. Repetitions count where there were none before the write: on a machine that is too busy packets are lost
 * at all times.
 */
export function faultsOf(watched: readonly Watched[]): readonly Watched[] {
  const isBusy = watched.some(({ repeated }) => repeated.before > 0)
  return watched.filter(
    ({ lost, leaked, repeated, course, turnedAfter: turned }) =>
      lost > 0 || leaked > 0 || (repeated.after > 0 && !isBusy) || (course === 'opens' && turned === undefined),
  )
}

/** `policy w/p`, for a line. */
export function titleOf(change: Change): string {
  switch (change.kind) {
    case 'policy':
      return `policy ${policyKey(change.policy)}`
    case 'cluster policy':
      return clusterPolicyKey(change.policy)
    case 'policy removed':
    case 'cluster policy removed':
      return `policy ${change.policy} goes`
    case 'namespace labelled':
      return `labels of ${change.namespace}`
    case 'node labelled':
      return `labels of ${change.node}`
    case 'pod labelled':
      return `labels of ${change.pod}`
    case 'pod comes or goes':
      return `${change.pod} comes or goes`
  }
}
