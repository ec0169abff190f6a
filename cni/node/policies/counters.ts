import type { FlowStatistics } from '@ovnkit/ovs'
import type { Logger } from '@ovnkit/process'
import { type CountedFlow, type Hits, PolicyHits, type Rules } from './hits.ts'

export interface PolicyCountersOptions {
  /** Calls `each` for every flow of these tables of the integration bridge; of all where none is named. */
  readonly readFlows: (
    each: (flow: FlowStatistics) => void,
    options: { readonly tables: readonly number[]; readonly signal: AbortSignal },
  ) => Promise<void>
  /** What flows with these cookies carry out: a question to the databases. */
  readonly lookUp: (cookies: ReadonlySet<number>, signal: AbortSignal) => Promise<Rules>
  /** Milliseconds. */
  readonly now: () => number
  readonly logger: Pick<Logger, 'warn'>
}

/** What a look at the bridge saw. */
interface Look {
  readonly counted: readonly (CountedFlow & { readonly table: number })[]
  readonly cookies: ReadonlySet<number>
  readonly tablesOf: ReadonlyMap<number, number>
}

/** Milliseconds that one look at the bridge may take, */
const longestLook = 5000
/** and a question to the databases: whoever reads metrics waits for it. */
const longestQuestion = 4000
/** The databases belong to everybody: a question is followed by a pause of so many times what it took, */
const pauseFactor = 300
/** and of so many milliseconds at least. */
const leastPause = 5000

/**
 * Counts the packets of policies on this node, when somebody asks. The bridge is asked for the flows of the tables in which policies are; the databases only when a flow that packets
 * went through is not known yet, which is after policies changed.
 */
export class PolicyCounters {
  readonly #options: PolicyCountersOptions
  readonly #hits = new PolicyHits()
  readonly #started: number
  #rules: Rules = new Map()
  #tables: readonly number[] = []
  #nextQuestion = Number.NEGATIVE_INFINITY
  #unattributed = 0
  #problem: string | undefined
  #current: Promise<readonly Hits[]> | undefined

  constructor(options: PolicyCountersOptions) {
    this.#options = options
    this.#started = options.now()
  }

  /** Flows of policies' tables that packets went through, of which it is not known yet whose they are. */
  get unattributed(): number {
    return this.#unattributed
  }

  /** What came since the last time, by policy. Nothing where the bridge cannot be asked. One who asks meanwhile gets nothing of his own. */
  async take(): Promise<readonly Hits[]> {
    if (this.#current !== undefined) {
      await this.#current
      return []
    }
    this.#current = this.#take()
    try {
      return await this.#current
    } finally {
      this.#current = undefined
    }
  }

  async #take(): Promise<readonly Hits[]> {
    try {
      const look = await this.#look(AbortSignal.timeout(longestLook))
      await this.#learn(look)
      return this.#count(look)
    } catch (error) {
      this.#report(error)
      return []
    }
  }

  async #look(signal: AbortSignal): Promise<Look> {
    const counted: (CountedFlow & { table: number })[] = []
    const cookies = new Set<number>()
    const tablesOf = new Map<number, number>()
    await this.#options.readFlows(
      flow => {
        cookies.add(flow.cookie)
        tablesOf.set(flow.cookie, flow.table)
        if (flow.packets > 0 && flow.cookie !== 0 && !flow.clause) counted.push(countedFlow(flow))
      },
      { tables: this.#tables, signal },
    )
    return { counted, cookies, tablesOf }
  }

  /** Finds out whose flows are, where that is not known and it is time. */
  async #learn(look: Look): Promise<void> {
    const tables = tablesIn(look, this.#rules)
    const complete = tables.size > 0 && unknown(look, tables, this.#rules).length === 0
    // A switch whose tables were moved (another version of OVN) is looked at as a whole the next time, before anybody is asked.
    const elsewhere = tables.size === 0 && this.#tables.length > 0
    const began = this.#options.now()
    if (complete || elsewhere || began < this.#nextQuestion) return this.#remember(look)
    this.#nextQuestion = began + leastPause
    try {
      this.#rules = await this.#options.lookUp(look.cookies, AbortSignal.timeout(longestQuestion))
      this.#problem = undefined
    } catch (error) {
      this.#report(error)
    }
    const now = this.#options.now()
    this.#nextQuestion = now + Math.max(leastPause, pauseFactor * (now - began))
    this.#remember(look)
  }

  #remember(look: Look): void {
    const tables = tablesIn(look, this.#rules)
    this.#tables = [...tables].sort((a, b) => a - b)
    this.#unattributed = unknown(look, tables, this.#rules).length
  }

  #count({ counted }: Look): readonly Hits[] {
    const uptime = (this.#options.now() - this.#started) / 1000
    const tables = new Set(this.#tables)
    const flows = tables.size === 0 ? counted : counted.filter(({ table }) => tables.has(table))
    return this.#hits.take(flows, this.#rules, uptime)
  }

  /** Once for as long as it stays the same. */
  #report(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error)
    if (problem !== this.#problem) this.#options.logger.warn({ err: error }, 'could not count the packets of policies')
    this.#problem = problem
  }
}

const countedFlow = ({ table, priority, cookie, ageSeconds, packets, bytes, match }: FlowStatistics) => ({
  key: `${table}/${priority}/${match.toString('latin1')}`,
  ...{ table, cookie, ageSeconds, packets, bytes },
})

/** Tables in which flows of policies' stages are: each stage has one at least that is of no policy. */
function tablesIn({ tablesOf }: Look, rules: Rules): Set<number> {
  const tables = new Set<number>()
  for (const [cookie, table] of tablesOf) if (rules.has(cookie)) tables.add(table)
  return tables
}

const unknown = ({ counted }: Look, tables: ReadonlySet<number>, rules: Rules) =>
  counted.filter(({ table, cookie }) => tables.has(table) && !rules.has(cookie))
