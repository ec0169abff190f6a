import { EncodeError, RpcError } from '../session/errors.ts'
import type { Session } from '../session/session.ts'
import type { BulkPlace, BulkRow } from '../wire/bulk.ts'
import type { Json, JsonArray } from '../wire/json.ts'
import type { Feed } from './feed.ts'
import type { MonitorMemory } from './monitor-memory.ts'
import {
  changeParams,
  MONITOR_METHODS,
  type MonitorMethod,
  monitorParams,
  parseMonitorReply,
  transactionId,
} from './monitor-request.ts'
import type { MonitorPlan, UpdateStart } from './types.ts'

export interface DataMonitorOptions {
  readonly session: Session
  readonly database: string
  readonly memory: MonitorMemory
  readonly feed: Feed
  /** The observer holds a consistent cut. */
  readonly live: (reason: UpdateStart['reason']) => void
  /** The monitor can't be had. */
  readonly failed: (error: Error) => void
}

/** The monitor of the database's rows on one session: its request with fallbacks, its updates, changes of its conditions. */
export class DataMonitor {
  readonly #options: DataMonitorOptions
  /** Its id on the wire. */
  readonly id: Json
  #method: MonitorMethod = 'monitor'
  #live = false
  #plan: MonitorPlan = new Map()

  constructor(options: DataMonitorOptions) {
    this.#options = options
    this.id = ['monid', options.database]
  }

  /** Asks for the rows; `live` or `failed` follows. */
  start(plan: MonitorPlan): void {
    const { memory } = this.#options
    this.#plan = plan
    this.#live = false
    memory.plan(plan)
    if (memory.lastTransaction === undefined) memory.conditions.next()
    if (plan.size > 0) this.#request(0)
    else {
      memory.conditions.succeed()
      this.#becomeLive('first')
    }
  }

  /** The rows of a big update follow: the initial reply or a notification. */
  bulk(place: BulkPlace): BulkRow {
    const { feed } = this.#options
    feed.begin(this.#startOf(place))
    return feed.row()
  }

  /** An `update`, `update2` or `update3` notification of this monitor. */
  update(method: string, params: JsonArray, split: boolean): void {
    const since = method === 'update3'
    const updates = since ? params[2] : params[1]
    this.#give('update', updates ?? null, split, () => {
      if (since) this.#options.memory.lastTransaction = transactionId(params[1])
    })
  }

  /** Sends the conditions that wait, if none is in flight. */
  changeConditions(): void {
    const { memory, session, failed } = this.#options
    const { conditions } = memory
    const changes = this.#live ? conditions.next() : undefined
    if (changes === undefined) return
    const known = new Map([...changes].filter(([table]) => this.#plan.has(table)))
    const sent =
      // RFC 7047's monitors have no conditions: everything is there already.
      this.#method === 'monitor' || known.size === 0
        ? Promise.resolve()
        : session.call('monitor_cond_change', changeParams(this.id, known))
    sent
      .then(
        () => conditions.succeed(),
        (error: unknown) => {
          // Without a connection it stays wanted, and goes into the next monitor.
          if (error instanceof RpcError || error instanceof EncodeError) conditions.fail(error)
        },
      )
      .then(() => this.changeConditions())
      .catch(failed)
  }

  #request(attempt: number): void {
    const method = MONITOR_METHODS[attempt]
    if (method === undefined) return
    this.#method = method
    const { session, failed } = this.#options
    session
      .call(method, this.#params(method), { onReply: (result, split) => this.#reply(result, split) })
      .catch((error: unknown) => {
        if (error instanceof RpcError && attempt + 1 < MONITOR_METHODS.length) this.#request(attempt + 1)
        else failed(asError(error))
      })
  }

  #params(method: MonitorMethod): JsonArray {
    const { database, memory } = this.#options
    if (method !== 'monitor_cond_since') {
      memory.forget()
      memory.conditions.next()
    }
    const { lastTransaction, conditions } = memory
    const changed = (table: string) =>
      lastTransaction === undefined ? conditions.latest(table) : conditions.acked(table)
    const where = (table: string) => changed(table) ?? this.#plan.get(table)?.where
    return monitorParams(method, { database, id: this.id, plan: this.#plan, where, lastTransaction })
  }

  #reply(result: Json, split: boolean): void {
    const { memory } = this.#options
    const resumed = memory.lastTransaction !== undefined
    const reply = parseMonitorReply(this.#method, result)
    const place = reply.found ? 'resume' : 'snapshot'
    const { reason } = this.#startOf(place)
    this.#give(place, reply.updates, split, () => {
      memory.lastTransaction = reply.lastTransaction
      memory.synced = true
      if (!resumed) memory.conditions.succeed()
      this.#becomeLive(reason)
    })
  }

  #becomeLive(reason: UpdateStart['reason']): void {
    this.#live = true
    this.#options.live(reason)
    this.changeConditions()
  }

  /** Gives one cut to the observer; what comes later on the wire waits until it has taken it in. */
  #give(place: BulkPlace, updates: Json, split: boolean, done: () => void): void {
    const { feed, session } = this.#options
    if (!split) {
      feed.begin(this.#startOf(place))
      feed.values(updates, place)
    }
    const busy = feed.end()
    if (busy === undefined) done()
    else session.hold(busy.then(done))
  }

  #startOf(place: BulkPlace): UpdateStart {
    if (place === 'snapshot') return { kind: 'snapshot', reason: this.#options.memory.synced ? 'resync' : 'first' }
    return { kind: 'delta', reason: place }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
