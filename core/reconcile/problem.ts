import type { OwnerState } from './owner.ts'
import type { Desired, OwnerKey } from './target.ts'

/** Why an owner is not (wholly) in a target. */
export type Problem =
  | { readonly kind: 'refused'; readonly message: string; readonly attempts: number }
  | { readonly kind: 'blocked'; readonly message: string }
  | { readonly kind: 'conflict'; readonly message: string }

const WEIGHT: Record<Problem['kind'], number> = { blocked: 0, refused: 1, conflict: 2 }

/** The one of two problems that people should hear of first. */
export function worse(a: Problem | undefined, b: Problem | undefined): Problem | undefined {
  if (!a || !b) return a ?? b
  return WEIGHT[b.kind] > WEIGHT[a.kind] ? b : a
}

interface Description {
  readonly state: OwnerState
  readonly reason: string
  readonly attempts: number
}

export function describeProblem(problem: Problem): Description {
  if (problem.kind === 'refused') return { state: 'retry', reason: 'Rejected', attempts: problem.attempts }
  if (problem.kind === 'conflict') return { state: 'invalid', reason: 'Conflict', attempts: 0 }
  return { state: 'wait', reason: 'Blocked', attempts: 0 }
}

export function conflictWith(object: Desired, first: OwnerKey): Problem {
  const title = object.title ?? object.key
  return { kind: 'conflict', message: `${object.target}: ${title} is wanted by ${first} already, which keeps it` }
}
