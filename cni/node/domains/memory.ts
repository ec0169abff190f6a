import type { ResolvedName } from '@ovnkit/cni-api'
import { tryParseIp } from '@ovnkit/inet'
import { Alarm } from '@ovnkit/process'
import { Store } from '@ovnkit/reconcile'
import type { Answer } from './answer.ts'
import { isPlausible } from './plausible.ts'

/** When an address is forgotten, by address: milliseconds since 1970. */
export type Learned = ReadonlyMap<string, number>

export interface MemoryOptions {
  /** Milliseconds that an address is kept at least after the time that its answer names. */
  readonly grace: number
  readonly now: () => number
  /** Called when a name has more addresses than are kept; once until it has room again. */
  readonly full: (name: string) => void
}

/** NPEP-133 asks for 100 of a name; a wildcard stands for many. */
export const mostAddresses = { ofName: 1000, ofNode: 4000 } as const
/** An answer with less is kept for so long all the same, seconds: nobody connects within the moment that some servers name. */
const leastTtl = 60
/** Resolvers keep nothing longer than a week. */
const mostTtl = 7 * 86_400

/**
 * Addresses that names of policies were heard to have, each until it is not heard any more. What is heard again and again changes nothing for most of the time: an address is kept longer
 * than it must, and only when that is used up its time is written anew.
 */
export class Memory implements Disposable {
  readonly store: Store<Learned> = new Store<Learned>({ name: 'resolved names' })
  readonly #options: MemoryOptions
  readonly #full = new Set<string>()
  #count = 0
  readonly #alarm: Alarm

  constructor(options: MemoryOptions) {
    this.#options = options
    this.#alarm = new Alarm(() => this.#forget(), options.now)
  }

  /** @param name as policies have it */
  learn(name: string, { addresses, ttl }: Answer): void {
    const { grace, now } = this.#options
    const least = now() + 1000 * Math.min(Math.max(ttl, leastTtl), mostTtl) + grace
    const known = this.store.get(name)
    const fresh = addresses.filter(one => isPlausible(one) && (known?.get(one) ?? 0) < least)
    if (fresh.length > 0) this.#put(name, new Map(fresh.map(one => [one, least + Math.max(grace / 2, 60_000)])))
  }

  /** What an earlier life wrote down. What it says is believed for names that are still asked for. */
  restore(names: readonly ResolvedName[]): void {
    const now = this.#options.now()
    for (const { name, addresses } of names) {
      const alive = addresses.flatMap(({ address, until }) => {
        const [ip, time] = [tryParseIp(address), Date.parse(until)]
        return ip !== undefined && time > now ? [[ip, time] as const] : []
      })
      if (alive.length > 0) this.#put(name, new Map(alive))
    }
  }

  /** Forgets names that no policy has any more. */
  retain(names: ReadonlySet<string>): void {
    for (const name of [...this.store.keys()]) if (!names.has(name)) this.#set(name, new Map())
  }

  [Symbol.dispose](): void {
    this.#alarm[Symbol.dispose]()
  }

  #put(name: string, fresh: Learned): void {
    const all = new Map(this.store.get(name))
    for (const [address, until] of fresh) {
      const isNew = !all.has(address)
      if (isNew && (all.size >= mostAddresses.ofName || this.#count + all.size >= this.#roomBeside(name))) {
        this.#tellFull(name)
        continue
      }
      all.set(address, until)
    }
    this.#set(name, all)
  }

  /** `count` has the name's own addresses of before in it. */
  #roomBeside(name: string): number {
    return mostAddresses.ofNode + (this.store.get(name)?.size ?? 0)
  }

  #tellFull(name: string): void {
    if (this.#full.has(name)) return
    this.#full.add(name)
    this.#options.full(name)
  }

  #set(name: string, all: Learned): void {
    this.#count += all.size - (this.store.get(name)?.size ?? 0)
    if (all.size > 0) this.store.set(name, all)
    else this.store.delete(name)
    this.#alarm.at(Math.min(...all.values()))
  }

  #forget(): void {
    const now = this.#options.now()
    for (const [name, known] of [...this.store.entries()]) {
      const left = new Map([...known].filter(([, until]) => until > now))
      if (left.size < known.size) {
        this.#full.clear()
        this.#set(name, left)
      } else this.#alarm.at(Math.min(...known.values()))
    }
  }
}
