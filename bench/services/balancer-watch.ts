import { NbMonitor, type NbUpdate } from '../controller/nb-monitor.ts'

interface Waiting {
  readonly backends: string
  readonly resolve: (at: number) => void
}

/** Virtual addresses of the Northbound database as they come, and how many rows change on the way. */
export class BalancerWatch implements Disposable {
  /** Changed rows, of any table that balancing needs. */
  changes = 0
  readonly #monitor: NbMonitor
  /** Backends by virtual address, by row. */
  readonly #rows = new Map<string, ReadonlyMap<string, string>>()
  readonly #waiting = new Map<string, Waiting>()

  constructor(remote: string) {
    const columns = {
      Load_Balancer: ['vips'],
      Load_Balancer_Group: ['load_balancer'],
      Chassis_Template_Var: ['variables'],
    }
    this.#monitor = new NbMonitor(remote, columns, update => this.#update(update))
  }

  [Symbol.dispose](): void {
    this.#monitor[Symbol.dispose]()
  }

  /** Resolves with the time (`performance.now()`) at which `vip` has so many backends, or these. */
  reached(vip: string, backends: number | string): Promise<number> {
    const wanted = typeof backends === 'number' ? `#${backends}` : backends
    return new Promise(resolve => {
      this.#waiting.set(vip, { backends: wanted, resolve })
      for (const vips of this.#rows.values()) this.#look(vips)
    })
  }

  #update({ Load_Balancer = {}, ...others }: NbUpdate): void {
    this.changes += [Load_Balancer, ...Object.values(others)].reduce((sum, rows) => sum + Object.keys(rows).length, 0)
    for (const [uuid, { new: now }] of Object.entries(Load_Balancer)) {
      if (now === undefined) {
        this.#rows.delete(uuid)
        continue
      }
      const [, pairs]: [string, [string, string][]] = Reflect.get(now, 'vips')
      const vips = new Map(pairs)
      this.#rows.set(uuid, vips)
      this.#look(vips)
    }
  }

  #look(vips: ReadonlyMap<string, string>): void {
    for (const [vip, backends] of vips) {
      const waiting = this.#waiting.get(vip)
      const count = backends === '' ? 0 : backends.split(',').length
      if (waiting === undefined || (waiting.backends !== `#${count}` && waiting.backends !== backends)) continue
      this.#waiting.delete(vip)
      waiting.resolve(performance.now())
    }
  }
}
