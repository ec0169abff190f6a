import type { Cell } from './cells.ts'
import { type Promised, promiseOf } from './promise.ts'

/** What came of a question. */
export interface Observed {
  readonly id: number
  /** `answer`, `silence`, `refused`, or another error's code. */
  readonly outcome: string
  /** The client's address as the endpoint saw it. */
  readonly seen?: string | undefined
  /** Who answered. */
  readonly by?: string | undefined
  readonly ms: number
}

/** Addresses of the askers, and the name of whoever ought to answer. */
export interface Place {
  readonly pod: readonly string[]
  readonly node: readonly string[]
  readonly outside: readonly string[]
  readonly expectedBy: string
}

export interface Verdict {
  readonly cell: Cell
  readonly promised: Promised
  readonly observed: Observed | undefined
  /** What differs from the promise; undefined: nothing. */
  readonly wrong: string | undefined
}

export function judge(cell: Cell, observed: Observed | undefined, place: Place): Verdict {
  const promised = promiseOf(cell)
  return { cell, promised, observed, wrong: wrongIn(cell, promised, observed, place) }
}

const outcomesFor: Readonly<Record<Promised['answer'], readonly string[]>> = {
  yes: ['answer'],
  drop: ['silence'],
  refuse: ['refused'],
  free: ['answer', 'silence'],
}

function wrongIn(cell: Cell, promised: Promised, observed: Observed | undefined, place: Place): string | undefined {
  if (observed === undefined) return 'was not asked'
  const { outcome, by, seen = '' } = observed
  if (!outcomesFor[promised.answer].includes(outcome)) return outcome
  if (outcome !== 'answer') return undefined
  if (by !== place.expectedBy) return `answered by ${by}`
  return isSource(promised.source, cell, plain(seen), place) ? undefined : `seen from ${seen}`
}

/** IPv4 as a socket of both families has it. */
const plain = (address: string) => address.replace(/^::ffff:/, '')

function isSource(source: Promised['source'], { client }: Cell, seen: string, place: Place): boolean {
  const own = { pod: place.pod, host: place.node, 'host-pod': place.node, outside: place.outside }[client]
  if (source === 'any') return true
  if (source !== 'node' && own.includes(seen)) return true
  return source !== 'own' && isNodes(seen, place)
}

/** A node has its own addresses and, inside, those of the join network (100.64.0.0/16, fd98::/64). */
const isNodes = (seen: string, { node }: Place) =>
  node.includes(seen) || seen.startsWith('100.64.') || seen.startsWith('fd98:')
