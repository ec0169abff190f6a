import type { Committer } from './committer.ts'
import type { OwnerRecord } from './record.ts'
import type { Desired } from './target.ts'

export type Committers = ReadonlyMap<string, Committer>

/** Above this many objects a set is built instead of comparing pairs. */
const FEW = 8

/** From now on the owner wants these objects: takes and gives up claims, and queues the owner where it has something to do. */
export function adopt(record: OwnerRecord, objects: readonly Desired[], committers: Committers): void {
  for (const object of objects) committerOf(committers, object)
  const before = record.objects
  record.objects = objects
  if (!sameKeys(before, objects)) {
    for (const object of objects) claim(record, object, committerOf(committers, object))
    const released = without(before, objects).filter(object => release(record, object, committerOf(committers, object)))
    record.removed = [...without(record.removed, objects), ...released]
  }
  enqueueWhereWanted(record, committers)
}

function enqueueWhereWanted(record: OwnerRecord, committers: Committers): void {
  for (const object of record.objects) committers.get(object.target)?.enqueue(record)
  for (const object of record.removed) committers.get(object.target)?.enqueue(record)
}

/** Whether the owner has, or had, something in this target. */
export function concerns(record: OwnerRecord, target: string): boolean {
  const isThere = (object: Desired) => object.target === target
  return record.objects.some(isThere) || record.removed.some(isThere)
}

function committerOf(committers: Committers, object: Desired): Committer {
  const committer = committers.get(object.target)
  if (committer) return committer
  const known = [...committers.keys()].join(', ') || 'none'
  throw new TypeError(
    `object ${object.key} is for target "${object.target}", which the engine does not have (it has: ${known})`,
  )
}

function claim(record: OwnerRecord, object: Desired, committer: Committer): void {
  const first = committer.claims.first(object.key)
  committer.claims.add(object.key, record)
  if (!first || first === record || object.shared) return
  // Who came first is written on the object itself: renders after a restart come in any order.
  if (committer.target.holder?.(object.key) !== record.key) return
  committer.claims.promote(object.key, record)
  committer.enqueue(first)
}

/** Returns true when nobody wants the object any more. */
function release(record: OwnerRecord, object: Desired, committer: Committer): boolean {
  const wasFirst = committer.claims.first(object.key) === record
  committer.claims.delete(object.key, record)
  const next = committer.claims.first(object.key)
  if (next && wasFirst && !object.shared) committer.enqueue(next)
  return next === undefined
}

function sameKeys(a: readonly Desired[], b: readonly Desired[]): boolean {
  return a.length === b.length && a.every((object, i) => isSame(object, b[i]))
}

function isSame(a: Desired, b: Desired | undefined): boolean {
  return a.key === b?.key && a.target === b.target
}

/** Those of `objects` that are not in `others`. */
export function without(objects: readonly Desired[], others: readonly Desired[]): readonly Desired[] {
  if (objects.length === 0 || others.length === 0) return objects
  if (objects.length <= FEW || others.length <= FEW) {
    return objects.filter(object => !others.some(other => isSame(object, other)))
  }
  const names = new Set(others.map(nameOf))
  return objects.filter(object => !names.has(nameOf(object)))
}

const nameOf = (object: Desired): string => `${object.target} ${object.key}`
