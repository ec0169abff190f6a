/** Something that needs slots of a band: so many beside one another, the first rule first. */
export interface Ranked {
  readonly key: string
  /** 0 to `priorities - 1`; the lowest first. */
  readonly priority: number
  /** Milliseconds since the epoch. Of two with one priority the older is first. */
  readonly created: number
  /** How many slots. */
  readonly size: number
}

/** How many values a priority has: 0 to 1000, and one behind them for what has none. */
export const priorities = 1002

export interface Ranking {
  /** First slot of each, by key. */
  readonly slots: ReadonlyMap<string, number>
  /** For these there is no room left: the last in order. */
  readonly outside: readonly string[]
}

export const inOrder = (a: Ranked, b: Ranked): number =>
  a.priority - b.priority || a.created - b.created || (a.key < b.key ? -1 : 1)

/**
 * Gives each its slots. 1,001 priorities of 100 rules each do not fit into the 32,767 of OVN, so every priority has a place of its own that is some rules wide; who needs more
 * pushes those behind on, and at the end of the band those before back. It depends on nothing but its arguments, so a restart moves nothing; a change moves those only that it
 * touches.
 */
export function rank(items: Iterable<Ranked>, slots: number): Ranking {
  const sorted = [...items].sort(inOrder)
  const fitting = fit(sorted, slots)
  const ends = forwards(fitting, slots)
  const placed = new Map<string, number>()
  let limit = slots
  for (const [i, { key, size }] of [...fitting.entries()].reverse()) {
    const start = Math.min(ends[i] ?? limit, limit) - size
    placed.set(key, start)
    limit = start
  }
  return { slots: placed, outside: sorted.slice(fitting.length).map(({ key }) => key) }
}

/** As many from the beginning as there is room for. */
function fit(sorted: readonly Ranked[], slots: number): readonly Ranked[] {
  let used = 0
  const end = sorted.findIndex(({ size }) => {
    used += size
    return used > slots
  })
  return end < 0 ? sorted : sorted.slice(0, end)
}

/** Where each ends: at its own place, or pushed on by those before it. */
function forwards(sorted: readonly Ranked[], slots: number): number[] {
  let end = 0
  return sorted.map(({ priority, size }) => {
    end = Math.max(end, Math.floor((priority * slots) / priorities)) + size
    return end
  })
}
