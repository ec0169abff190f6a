import type { FlowStatistics } from '@ovnkit/ovs'

export type Verdict = 'allow' | 'deny' | 'pass'

/** What of policies a flow carries out. */
export interface Rule {
  /** Policies that have the rule, `Kind/namespace/name` or `Kind/name`; those that share one are counted alike. */
  readonly policies: readonly string[]
  readonly direction: 'ingress' | 'egress'
  readonly verdict: Verdict
}

/** Rules by cookie. A flow of the same tables that is of no policy is known, too. */
export type Rules = ReadonlyMap<number, Rule | undefined>

/** What is counted for itself. */
export interface Series extends Omit<Rule, 'policies'> {
  readonly policy: string
}

export interface Hits extends Series {
  readonly packets: number
  readonly bytes: number
}

/** A flow that packets went through. */
export type CountedFlow = Pick<FlowStatistics, 'cookie' | 'ageSeconds' | 'packets' | 'bytes'> & {
  /** Table, priority and match: two flows of one bridge differ in it. */
  readonly key: string
}

interface Counts {
  readonly packets: number
  readonly bytes: number
}

const none: Counts = { packets: 0, bytes: 0 }

/**
 * Makes from what flows counted since they exist what policies counted since the last look. Flows come and go with pods and rules and begin anew; what is counted here only grows.
 */
export class PolicyHits {
  #seen: ReadonlyMap<string, Counts> = new Map()
  #begun = false

  /**
   * @param flows those that packets went through, in all tables of policies
   * @param uptimeSeconds for how long we have been counting: at the first look flows that are older have counted for somebody else
   * @returns every series that has a flow now, with what came to it
   */
  take(flows: Iterable<CountedFlow>, rules: Rules, uptimeSeconds: number): Hits[] {
    const seen = new Map<string, Counts>()
    const hits = new Map<string, Hits>()
    for (const flow of flows) {
      const foreign = !this.#begun && flow.ageSeconds > uptimeSeconds
      const before = foreign ? flow : (this.#seen.get(flow.key) ?? none)
      const known = rules.has(flow.cookie)
      // Whose it is may be known the next time: until then nothing of it is used up.
      if (known || before !== none) seen.set(flow.key, known ? countsOf(flow) : countsOf(before))
      const rule = rules.get(flow.cookie)
      if (rule !== undefined) add(hits, rule, since(flow, before))
    }
    this.#seen = seen
    this.#begun = true
    return [...hits.values()]
  }
}

const countsOf = ({ packets, bytes }: Counts): Counts => ({ packets, bytes })

/** A flow that was made anew counts from 0. */
const since = (now: Counts, before: Counts): Counts =>
  now.packets < before.packets
    ? now
    : { packets: now.packets - before.packets, bytes: Math.max(0, now.bytes - before.bytes) }

function add(hits: Map<string, Hits>, { policies, direction, verdict }: Rule, { packets, bytes }: Counts): void {
  for (const policy of policies) {
    const series = { policy, direction, verdict }
    const key = seriesKey(series)
    const known = hits.get(key) ?? { ...series, ...none }
    hits.set(key, { ...series, packets: known.packets + packets, bytes: known.bytes + bytes })
  }
}

export const seriesKey = ({ policy, direction, verdict }: Series): string => `${policy} ${direction} ${verdict}`
