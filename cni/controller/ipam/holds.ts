import type { IpAddress } from '@ovnkit/inet'
import type { Claims } from './claims.ts'
import type { Holder } from './network-addresses.ts'

/** The addresses of a pod instance that is gone, kept from reuse while a chassis may still send with them. */
export interface Hold {
  readonly holder: Holder
  readonly network: string
  /** Name of its logical port. */
  readonly port: string
  readonly addresses: readonly IpAddress[]
  /** The node that it ran on; empty when that is not known any more. */
  readonly node: string
}

/**
 * Holds and what ends them: no chassis claims the port with one of the addresses, or the pod's node is gone. Unknown is claimed: while the Southbound
 * database cannot be asked, nothing ends.
 */
export class Holds {
  readonly #holds = new Map<Holder, Hold>()
  readonly #byPort = new Map<string, Set<Holder>>()
  readonly #claims: Claims
  readonly #hasNode: (node: string) => boolean
  readonly #onEnd: (hold: Hold) => void

  constructor(options: { claims: Claims; hasNode: (node: string) => boolean; onEnd: (hold: Hold) => void }) {
    this.#claims = options.claims
    this.#hasNode = options.hasNode
    this.#onEnd = options.onEnd
  }

  get size(): number {
    return this.#holds.size
  }

  /** Begins a hold, which may end at once. */
  add(hold: Hold): void {
    this.#holds.set(hold.holder, hold)
    const others = this.#byPort.get(hold.port)
    if (others === undefined) this.#byPort.set(hold.port, new Set([hold.holder]))
    else others.add(hold.holder)
    this.#check(hold)
  }

  /** Ends the hold of a holder that is back; without `onEnd`. */
  reclaim(holder: Holder): Hold | undefined {
    const hold = this.#holds.get(holder)
    if (hold !== undefined) this.#forget(hold)
    return hold
  }

  /** Looks again at the holds of one port, or at all. */
  recheck(port?: string): void {
    const holders = port === undefined ? this.#holds.keys() : (this.#byPort.get(port) ?? [])
    for (const holder of [...holders]) {
      const hold = this.#holds.get(holder)
      if (hold !== undefined) this.#check(hold)
    }
  }

  #check(hold: Hold): void {
    const nodeGone = hold.node !== '' && !this.#hasNode(hold.node)
    if (!nodeGone && (!this.#claims.known || this.#claims.claimed(hold.port, hold.addresses))) return
    this.#forget(hold)
    this.#onEnd(hold)
  }

  #forget({ holder, port }: Hold): void {
    this.#holds.delete(holder)
    const others = this.#byPort.get(port)
    others?.delete(holder)
    if (others?.size === 0) this.#byPort.delete(port)
  }
}
