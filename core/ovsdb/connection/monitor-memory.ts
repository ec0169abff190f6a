import { Conditions } from './conditions.ts'
import type { MonitorPlan } from './types.ts'

/** What has to be known about the monitor across reconnects. */
export class MonitorMemory {
  readonly conditions = new Conditions()
  /** Id of the last transaction that the observer has; with it, a server of the cluster can tell just what came since. */
  lastTransaction: string | undefined
  /** Whether the observer was ever given a complete content. */
  synced = false
  #columns: ReadonlyMap<string, ReadonlySet<string>> = new Map()

  /** Nothing can be resumed: the next reply has to be complete. */
  forget(): void {
    this.lastTransaction = undefined
  }

  /** A monitor of that plan is about to start. What was not monitored before can't be resumed. */
  plan(plan: MonitorPlan): void {
    for (const [table, { columns }] of plan) {
      const known = this.#columns.get(table)
      if (known === undefined || columns.some(column => !known.has(column))) this.forget()
    }
    this.#columns = new Map([...plan].map(([table, { columns }]) => [table, new Set(columns)]))
  }

  /** The connection is gone. */
  lost(): void {
    if (this.conditions.lost()) this.forget()
  }
}
