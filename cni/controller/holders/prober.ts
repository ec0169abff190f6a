import type { IpAddress } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { ask } from './ask.ts'
import { type Life, Pulse } from './pulse.ts'

/** Between two questions to a node. */
const interval = 250
/** How long an answer may take. */
const patience = 400
/** Questions a second, to all nodes together: with more nodes each is asked less often. */
const questionsPerSecond = 200

export interface ProberOptions {
  /** Any TCP port of the nodes. */
  readonly port: number
  /** Replaceable in tests. */
  readonly ask?: (address: string, port: number, milliseconds: number) => Promise<boolean>
  readonly every?: (run: () => void, milliseconds: number) => Disposable
}

interface Asked {
  readonly address: IpAddress
  readonly pulse: Pulse
}

/**
 * Asks nodes all the time whether they live: a node that lost its power is known after some 1.1 s (three questions, 250 ms apart, unanswered for 400 ms each), while
 * the kubelet's silence is noticed after 40 s. Nothing is asked while nobody is to be watched.
 */
export class Prober implements Disposable {
  readonly lives: Store<Life> = new Store<Life>({ name: 'lives' })
  readonly #options: ProberOptions
  readonly #asked = new Map<string, Asked>()
  #timer: Disposable | undefined
  #pace = 0

  constructor(options: ProberOptions) {
    this.#options = options
    this.lives.markSynced()
  }

  /** The nodes to be watched, by name, with the address to ask; what is known of the others is forgotten. */
  watch(nodes: ReadonlyMap<string, IpAddress>): void {
    for (const [name, { address }] of this.#asked) {
      if (nodes.get(name) === address) continue
      this.#asked.delete(name)
      this.lives.delete(name)
    }
    for (const [name, address] of nodes)
      if (!this.#asked.has(name)) this.#asked.set(name, { address, pulse: new Pulse() })
    this.#setPace(nodes.size === 0 ? 0 : Math.max(interval, (nodes.size * 1000) / questionsPerSecond))
  }

  [Symbol.dispose](): void {
    this.watch(new Map())
  }

  #setPace(milliseconds: number): void {
    if (milliseconds === this.#pace) return
    this.#pace = milliseconds
    this.#timer?.[Symbol.dispose]()
    this.#timer = milliseconds === 0 ? undefined : (this.#options.every ?? every)(() => this.#askAll(), milliseconds)
  }

  #askAll(): void {
    for (const [name, asked] of this.#asked) void this.#askOne(name, asked)
  }

  async #askOne(name: string, asked: Asked): Promise<void> {
    const answered = await (this.#options.ask ?? ask)(asked.address, this.#options.port, patience)
    if (this.#asked.get(name) !== asked) return
    const life = answered ? asked.pulse.answered() : asked.pulse.missed()
    if (life !== 'unknown') this.lives.set(name, life)
  }
}

function every(run: () => void, milliseconds: number): Disposable {
  const timer = setInterval(run, milliseconds).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
