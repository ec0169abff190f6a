import type { Mirror } from '@ovnkit/kube'
import type { Engine, OwnerStatus } from '@ovnkit/reconcile'
import type { LocalDatabase } from './facts/switch.ts'
import { noTunnel } from './host/chassis.ts'
import { hostOwners } from './host/kinds.ts'
import type { Southbound } from './southbound/southbound.ts'

export interface ReadinessOptions {
  readonly node: string
  readonly database: LocalDatabase
  readonly engine: () => Engine | undefined
  readonly mirrors: readonly Mirror[]
  readonly southbound: Pick<Southbound, 'look' | 'problem'>
  /** Why the runtime was not told of the network although pods could be served. */
  readonly installationProblem: () => string | undefined
}

/** What is wrong now, for `/readyz` and for deciding when pods can be served. */
export class Readiness {
  readonly #options: ReadinessOptions

  constructor(options: ReadinessOptions) {
    this.#options = options
  }

  /** Everything that is wrong, one sentence each, after a look at what nobody tells of. */
  async look(): Promise<string[]> {
    await this.#options.southbound.look()
    return this.problems()
  }

  /** Everything that is known to be wrong, one sentence each. */
  problems(): string[] {
    const { database, mirrors, southbound } = this.#options
    const installation = this.#options.installationProblem()
    return [
      ...(database.connected ? [] : [`Open vSwitch database: ${database.lastError?.message ?? 'not connected yet'}`]),
      ...mirrors.flatMap(({ problem }) => problem ?? []),
      ...this.#ownerProblems(),
      ...(southbound.problem === undefined ? [] : [southbound.problem.message]),
      ...(installation === undefined ? [] : [installation]),
    ]
  }

  /** Why pods cannot be served. A tunnel interface outside its bridge does not count: pods of the node reach each other. */
  setupProblem(): string | undefined {
    const { database, mirrors, node } = this.#options
    if (!database.connected) return 'the Open vSwitch database is not connected'
    const unsynced = mirrors.find(({ synced }) => !synced)
    if (unsynced !== undefined) return unsynced.problem ?? 'not listed yet'
    for (const kind of [hostOwners.chassis, hostOwners.management]) {
      const status = this.#options.engine()?.status(`${kind}/${node}`)
      if (!isSettled(status)) return status?.message || `the ${kind} of the node is not set up yet`
    }
    return undefined
  }

  #ownerProblems(): string[] {
    const engine = this.#options.engine()
    return Object.values(hostOwners).flatMap(kind => {
      const status = engine?.status(`${kind}/${this.#options.node}`)
      return status?.state === 'done' ? [] : [status?.message || `${kind}: not set up yet`]
    })
  }
}

const isSettled = (status: OwnerStatus | undefined): boolean =>
  status?.state === 'done' || (status?.state === 'invalid' && status.reason !== noTunnel)
