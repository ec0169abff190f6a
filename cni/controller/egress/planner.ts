import type { IpAddress } from '@ovnkit/inet'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { Taken } from '../balancer/plan-pools.ts'
import type { EgressIPFacts } from '../facts/egress-ip.ts'
import type { Claim } from '../holders/plan.ts'
import { oncePerTurn } from '../once-per-turn.ts'
import { type EgressPolicy, type EgressVerdict, planEgress } from './plan.ts'

/** Name of what an address needs a node for. */
export const addressClaim = (address: IpAddress) => `egress/${address}`

export interface EgressPlannerOptions {
  readonly egressIPs: ReadableStore<EgressIPFacts>
  /** Ranges and addresses that others have. */
  readonly taken: () => readonly Taken[]
  /** Where to say that an address needs a node. */
  readonly claims: Store<Claim>
}

/** Keeps `policies` and `verdicts` as `planEgress` says, and a claim for each of their addresses. */
export class EgressPlanner implements Disposable {
  readonly policies: Store<EgressPolicy> = new Store<EgressPolicy>({ name: 'egress policies', equals: same })
  readonly verdicts: Store<EgressVerdict> = new Store<EgressVerdict>({ name: 'egress verdicts', equals: same })
  readonly #options: EgressPlannerOptions
  readonly #resources = new DisposableStack()
  /** EgressIPs, or what others have, changed: planned again at the end of this turn. */
  readonly schedule = oncePerTurn(() => {
    if (!this.#resources.disposed) this.#plan()
  })

  constructor(options: EgressPlannerOptions) {
    this.#options = options
  }

  start(): void {
    this.#plan()
    this.policies.markSynced()
    this.verdicts.markSynced()
    this.#resources.use(this.#options.egressIPs.subscribe(() => this.schedule()))
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  addresses(): IpAddress[] {
    return [...this.policies.entries()].flatMap(([, { addresses }]) => addresses)
  }

  #plan(): void {
    const { egressIPs, taken, claims } = this.#options
    const facts = [...egressIPs.keys()].flatMap(name => egressIPs.get(name) ?? [])
    const plan = planEgress(facts, taken())
    const before = new Set(this.addresses())
    this.policies.replace(plan.policies)
    this.verdicts.replace(plan.verdicts)
    for (const { addresses, nodeSelector } of plan.policies.values()) {
      for (const address of addresses) {
        before.delete(address)
        claims.set(addressClaim(address), { balancer: false, nodeSelector })
      }
    }
    for (const address of before) claims.delete(addressClaim(address))
  }
}
