import type { Families } from '../state/record.ts'
import { reasonToSkip } from './skips.ts'

/** Names of the network's tests in what `e2e.test --list-tests` prints, sorted. */
export function namesIn(listing: string): string[] {
  const names = [...listing.matchAll(/^\s+\S+\.go:\d+: (\[sig-network\] .*)$/gm)].map(([, name = '']) => name.trim())
  return [...new Set(names)].sort()
}

export interface Wish {
  readonly families: Families
  readonly nodes: number
  /** Of all names, those that match. */
  readonly focus?: RegExp
  /** Of all names, those that match one of these. */
  readonly only?: readonly RegExp[]
}

export interface RunPlan {
  readonly parallel: readonly string[]
  /** Tests that say of themselves that nothing else may run beside them. */
  readonly alone: readonly string[]
  readonly skipped: readonly { readonly test: string; readonly reason: string }[]
}

/** Whether a test says of itself that it takes minutes. */
export const isSlow = (test: string) => test.includes('[Slow]')

export function planRun(names: readonly string[], { families, nodes, focus, only }: Wish): RunPlan {
  const wanted = names.filter(
    name => (focus?.test(name) ?? true) && (only === undefined || only.some(pattern => pattern.test(name))),
  )
  const skipped = wanted.flatMap(test => {
    const reason = reasonToSkip(test, { families, nodes })
    return reason === undefined ? [] : [{ test, reason }]
  })
  const left = new Set(skipped.map(({ test }) => test))
  const running = wanted.filter(name => !left.has(name))
  const isAlone = (name: string) => /\[(Serial|Disruptive)\]/.test(name)
  const parallel = running.filter(name => !isAlone(name))
  // The long ones begin first, so that the lanes end together.
  return {
    parallel: parallel.toSorted((a, b) => Number(isSlow(b)) - Number(isSlow(a))),
    alone: running.filter(isAlone),
    skipped,
  }
}

/** A value for `--ginkgo.focus` that selects these tests alone: ginkgo puts the suite's title before a name. */
export const focusOf = (names: readonly string[]) =>
  `(${names.map(name => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`
