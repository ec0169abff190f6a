import { isDeepStrictEqual } from 'node:util'
import type { Committer } from './committer.ts'
import { ownerKey } from './owner.ts'
import { plainView } from './reads.ts'
import type { OwnerRecord } from './record.ts'
import { isStore, type Registry } from './registry.ts'
import type { Desired, OwnerKey } from './target.ts'
import type { Committers } from './wants.ts'

/** Where a from-scratch computation differs from the incremental one. */
export interface Difference {
  readonly owner: OwnerKey
  /** What differs, for people. */
  readonly message: string
}

/** Renders everything from scratch, looks at what targets hold, and lists what the engine has not got right. */
export function recompute(registry: Registry, committers: Committers): readonly Difference[] {
  return [...differentOwners(registry), ...differentWants(registry), ...differentTargets(registry, committers)]
}

function* existing(registry: Registry): Generator<OwnerKey> {
  for (const { spec } of registry.kinds) {
    for (const name of isStore(spec.keys) ? spec.keys.keys() : spec.keys) yield ownerKey(spec.kind, name)
  }
}

function* differentOwners(registry: Registry): Generator<Difference> {
  const expected = new Set(existing(registry))
  for (const owner of expected) {
    if (!registry.records.get(owner)?.alive) yield { owner, message: 'exists in its store, but not in the engine' }
  }
  for (const { key, alive } of registry.records.values()) {
    if (alive && !expected.has(key)) yield { owner: key, message: 'exists in the engine, but not in its store' }
  }
}

function* differentWants(registry: Registry): Generator<Difference> {
  for (const record of registry.records.values()) {
    if (!record.alive) continue
    const fresh = record.kind.spec.render(record.name, plainView).objects
    if (fresh && !isDeepStrictEqual(fresh, record.objects)) {
      yield { owner: record.key, message: `wants ${list(fresh)}; the engine thinks ${list(record.objects)}` }
    }
  }
}

function* differentTargets(registry: Registry, committers: Committers): Generator<Difference> {
  for (const [name, committer] of committers) {
    const wantedHere = (object: Desired) => object.target === name
    const batch = committer.target.begin()
    for (const record of registry.records.values()) {
      if (committer.problem(record) || (!record.known && record.alive)) continue
      const before = batch.operations
      batch.add(record.key, record.objects.filter(wantedHere), record.removed.filter(wantedHere))
      const operations = batch.operations - before
      if (operations > 0) yield { owner: record.key, message: `${name} lacks ${operations} operation(s)` }
    }
    yield* leftovers(registry, committer)
  }
}

function* leftovers(registry: Registry, { target, claims }: Committer): Generator<Difference> {
  const unknown = (record: OwnerRecord | undefined) => record?.alive === true && !record.known
  const anyUnknown = [...registry.records.values()].some(unknown)
  for (const { owner, object } of target.held()) {
    const unjudged = owner === undefined ? anyUnknown : unknown(registry.records.get(owner))
    if (unjudged || claims.has(object.key)) continue
    yield { owner: owner ?? '', message: `${target.name} holds ${object.key}, which nobody wants` }
  }
}

const list = (objects: readonly Desired[]): string => objects.map(({ key }) => key).join(', ') || 'nothing'
