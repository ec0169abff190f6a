import { NbMonitor, type NbUpdate } from './nb-monitor.ts'

/** When logical switch ports came and went (`performance.now()` by name). */
export class NbWatch implements Disposable {
  readonly appeared = new Map<string, number>()
  readonly vanished = new Map<string, number>()
  readonly #monitor: NbMonitor

  /** @param remote `tcp:HOST:PORT` or `unix:PATH` */
  constructor(remote: string) {
    this.#monitor = new NbMonitor(remote, { Logical_Switch_Port: ['name', 'addresses'] }, update =>
      this.#update(update),
    )
  }

  [Symbol.dispose](): void {
    this.#monitor[Symbol.dispose]()
  }

  #update({ Logical_Switch_Port: rows = {} }: NbUpdate): void {
    for (const { new: now, old } of Object.values(rows)) {
      if (now !== undefined) this.appeared.set(nameOf(now), performance.now())
      else if (old !== undefined) this.vanished.set(nameOf(old), performance.now())
    }
  }
}

const nameOf = (row: object): string => String(Reflect.get(row, 'name'))
