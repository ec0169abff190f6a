import type { Metrics } from '@ovnkit/process'
import type { Engine } from './engine.ts'
import type { EngineStats } from './options.ts'
import type { OwnerState } from './owner.ts'

const HELP: Record<keyof EngineStats, string> = {
  turns: 'Slices of work, each in a turn of the event loop.',
  renders: 'Renders that ran.',
  discarded: 'Renders that read a store before its first full state.',
  diffs: 'Comparisons of an owner with what a target holds.',
  operations: 'Differences committed.',
  batches: 'Batches sent to targets.',
  commits: 'Batches committed.',
  rejections: 'Batches refused.',
  sweeps: 'Complete walks over what a target holds.',
}

const STATES: readonly OwnerState[] = ['pending', 'done', 'retry', 'wait', 'invalid']

/** Shows an engine's counts, how many owners are in which state, and how many targets cannot be written. */
export function exportMetrics(engine: Engine, metrics: Metrics): void {
  exportCounts(engine.stats, metrics)
  const owners = metrics.gauge({ name: 'reconcile_owners', help: 'Owners by state.', labels: ['state'] })
  const outages = metrics.gauge({ name: 'reconcile_outages', help: 'Targets that cannot be written now.' })
  metrics.collect(() => {
    const states = countStates(engine)
    for (const state of STATES) owners.set(states.get(state) ?? 0, { state })
    outages.set(engine.outages().length)
  })
}

function exportCounts(stats: EngineStats, metrics: Metrics): void {
  const counts = new Map<string, number>()
  const counters = Object.entries(HELP).map(([key, help]) => {
    return { key, counter: metrics.counter({ name: `reconcile_${key}_total`, help }) }
  })
  metrics.collect(() => {
    const now = new Map<string, number>(Object.entries(stats))
    for (const { key, counter } of counters) {
      const count = now.get(key) ?? 0
      counter.inc({}, count - (counts.get(key) ?? 0))
      counts.set(key, count)
    }
  })
}

function countStates(engine: Engine): ReadonlyMap<OwnerState, number> {
  const states = new Map<OwnerState, number>()
  for (const [, { state }] of engine.statusStore.entries()) states.set(state, (states.get(state) ?? 0) + 1)
  return states
}
