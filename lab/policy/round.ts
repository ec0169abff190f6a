import { setTimeout as delay } from 'node:timers/promises'
import { patience } from '../state/wait.ts'
import type { Answer, Peer, Question } from './peers.ts'

/** A question with who asks it and whether an answer is expected. */
export interface Asked extends Question {
  readonly from: string
  readonly expected: boolean | 'unspecified'
}

/** Milliseconds: how long an expected answer may take, and how long silence lasts at least before it is believed. */
const [longest, shortest] = [4000, 300]
/** Milliseconds in which everything has to be asked. */
const within = 60_000

/**
 * Asks everything, each peer at the pace of its answers. Answers come in milliseconds, and silence is not an event: it is believed when
 * every expected answer has come, and twice as much time has passed as the slowest of them took. An expected answer that does not
 * come is waited for through the repetitions of TCP and of the askers.
 */
export async function askAll(
  peers: ReadonlyMap<string, Peer>,
  questions: readonly Asked[],
): Promise<Map<number, Answer>> {
  const answers = new Map<number, Answer>()
  const missing = new Set(questions.flatMap(({ id, expected }) => (expected === true ? id : [])))
  const heard = (some: readonly Answer[]) => {
    for (const one of some) {
      answers.set(one.id, one)
      missing.delete(one.id)
    }
  }
  const asking = [...Map.groupBy(questions, ({ from }) => from)].map(([name, own]) => {
    const peer = peers.get(name)
    if (peer === undefined) throw new Error(`there is no peer ${name}`)
    const asked = new Promise<void>(allAsked => peer.ask(own, { heard, allAsked }))
    return { peer, asked }
  })
  await withDeadline(Promise.all(asking.map(({ asked }) => asked)))
  const began = performance.now()
  while (missing.size > 0 && performance.now() - began < longest * patience) await delay(10)
  const times = [...answers.values()].flatMap(({ outcome, ms }) => (outcome === 'answer' ? ms : []))
  await delay(Math.min(longest, Math.max(shortest, ...times)) * patience)
  for (const { peer } of asking) peer.stop()
  return answers
}

async function withDeadline(asked: Promise<unknown>): Promise<void> {
  const late = AbortSignal.timeout(within * patience)
  await Promise.race([
    asked,
    new Promise((_, reject) =>
      late.addEventListener('abort', () => reject(new Error('not everything could be asked'))),
    ),
  ])
}
