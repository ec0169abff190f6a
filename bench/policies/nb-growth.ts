import { NbMonitor, type NbUpdate } from '../controller/nb-monitor.ts'

const tables = {
  ACL: ['priority'],
  Port_Group: ['ports', 'acls'],
  Address_Set: ['addresses'],
  Logical_Switch_Port: ['addresses'],
  Logical_Switch: ['ports', 'acls'],
}

/** Rows of the Northbound database that policies are made of: how many there are, how many changed, and when the last one did. */
export class NbGrowth implements Disposable {
  readonly rows = new Map<string, number>()
  changes = 0
  /** `performance.now()`. */
  lastChange = 0
  readonly #monitor: NbMonitor

  /** @param remote `tcp:HOST:PORT` or `unix:PATH` */
  constructor(remote: string) {
    this.#monitor = new NbMonitor(remote, tables, update => this.#take(update))
  }

  [Symbol.dispose](): void {
    this.#monitor[Symbol.dispose]()
  }

  count(table: string): number {
    return this.rows.get(table) ?? 0
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.rows)
  }

  /**
   * Resolves when `holds`, and nothing changed for so long since. What is measured is the time of the last change, and not that of
   * this wait.
   * @param holds what tells that the work is not still ahead: on a busy machine it may pause for seconds
   * @param ms longer than any pause after that
   * @throws when it does not hold within 10 minutes
   */
  async settled(holds: () => boolean = () => true, ms = 3000): Promise<void> {
    const began = performance.now()
    for (;;) {
      if (performance.now() - began > 600_000)
        throw new Error(`not settled in 10 minutes: ${JSON.stringify(this.counts())}`)
      const rest = Math.max(this.lastChange, began) + ms - performance.now()
      if (rest <= 0 && holds()) return
      await new Promise(resolve => setTimeout(resolve, Math.max(50, rest)))
    }
  }

  #take(update: NbUpdate): void {
    for (const [table, rows] of Object.entries(update)) {
      for (const { new: now, old } of Object.values(rows)) {
        const grown = Number(now !== undefined && old === undefined) - Number(now === undefined && old !== undefined)
        this.rows.set(table, (this.rows.get(table) ?? 0) + grown)
        this.changes += 1
      }
    }
    this.lastChange = performance.now()
  }
}
