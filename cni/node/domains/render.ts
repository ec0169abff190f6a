import { type ResolvedName, resolvedNames } from '@ovnkit/cni-api'
import { kubeDesires } from '@ovnkit/kube'
import type { OwnerKind, ReadableStore, View } from '@ovnkit/reconcile'
import { namesTarget } from '../host/objects.ts'
import type { NamesFacts } from './facts.ts'
import type { Learned } from './memory.ts'

/** At most one write in this time, milliseconds. */
const interval = 1000

export interface NamesWorld {
  /** By node; the agent's own alone. */
  readonly names: ReadableStore<NamesFacts>
  /** What was learned, by name. */
  readonly learned: ReadableStore<Learned>
}

/** Writes down what was learned: for the controller, which makes address sets of it, and for the next life of the agent. */
export function namesKind({ names, learned }: NamesWorld): OwnerKind {
  const kube = kubeDesires(namesTarget)
  return {
    kind: 'resolved-names',
    keys: names,
    order: 5,
    render(name, view) {
      const facts = view.get(names, name)
      if (facts === undefined) return { kind: 'objects', objects: [] }
      const ref = { resource: resolvedNames, name, uid: facts.uid }
      const status = { names: listOf(learned, view) }
      return { kind: 'objects', objects: [kube.status(ref, status, { minIntervalMs: interval })] }
    },
  }
}

const listOf = (learned: ReadableStore<Learned>, view: View): ResolvedName[] =>
  [...view.keys(learned)].sort().map(name => ({
    name,
    addresses: [...(view.get(learned, name) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([address, until]) => ({ address, until: timeText(until) })),
  }))

/** Without milliseconds: `2026-11-21T23:00:00Z`. */
const timeText = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`
