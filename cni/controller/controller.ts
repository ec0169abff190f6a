import { type Config, nbRemote, sbRemote } from '@ovnkit/cni-api'
import { EventRecorder, type KubeClient } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { aborted } from './aborted.ts'
import { connectionOf } from './connection.ts'
import { ChassisWatch } from './ovn/chassis.ts'
import { findIdentity } from './ovn/identity.ts'
import { type Northbound, openNorthbound } from './ovn/northbound.ts'
import { openSouthbound, type Southbound } from './ovn/southbound.ts'
import { Session } from './session.ts'
import { type Sources, startSources } from './sources.ts'

export interface ControllerContext {
  readonly config: Config
  readonly client: KubeClient
  readonly logger: Logger
  /** Ends everything. */
  readonly signal: AbortSignal
}

/**
 * The controller without its process: it follows the Kubernetes API and the databases from the start, and writes while it leads. Also what tests and the
 * lab run in their own process.
 */
export class Controller implements AsyncDisposable {
  readonly sources: Sources
  readonly nb: Northbound
  readonly sb: Southbound
  readonly #context: ControllerContext
  readonly #events: EventRecorder
  readonly #chassis: ChassisWatch
  readonly #resources = new AsyncDisposableStack()
  #session: Session | undefined

  constructor(context: ControllerContext) {
    const { config, client, logger } = context
    this.#context = context
    const database = connectionOf(config)
    this.#events = new EventRecorder({ client, component: 'zstack-ovnkube-controller', logger })
    this.nb = this.#resources.use(
      openNorthbound({ ...database, remotes: nbRemote(config), logger: logger.child({ database: 'nb' }) }),
    )
    this.sb = this.#resources.use(
      openSouthbound({ ...database, remotes: sbRemote(config), logger: logger.child({ database: 'sb' }) }),
    )
    this.#chassis = this.#resources.use(new ChassisWatch(this.sb))
    this.sources = startSources(context)
  }

  /** The session while this process leads. */
  get session(): Session | undefined {
    return this.#session
  }

  /** What keeps the controller from doing its work, a sentence each. A standby is ready: it could lead at once. */
  problems(): string[] {
    const problems = this.sources.mirrors.flatMap(({ problem }) => problem ?? [])
    for (const [name, db] of [
      ['Northbound', this.nb],
      ['Southbound', this.sb],
    ] as const) {
      if (!db.connected)
        problems.push(`the ${name} database is not reachable${db.lastError ? `: ${db.lastError.message}` : ''}`)
    }
    return [...problems, ...(this.#session?.engine.outages() ?? [])]
  }

  /** Resolves when all that is to be known is known. */
  async ready(): Promise<void> {
    const { signal } = this.#context
    await Promise.all([this.sources.ready(), this.nb.ready({ signal }), this.sb.ready({ signal })])
  }

  /** Leads until `signal` aborts: decides and writes. */
  async lead(signal: AbortSignal): Promise<void> {
    const { logger } = this.#context
    await this.ready()
    const identity = await findIdentity({ ...this.#context, signal })
    if (signal.aborted) return
    const began = performance.now()
    using session = new Session({
      ...this.#context,
      identity,
      sources: this.sources,
      nb: this.nb,
      sb: this.sb,
      chassis: this.#chassis,
      events: this.#events,
    })
    this.#session = session
    logger.info({ pods: this.sources.pods.size, milliseconds: Math.round(performance.now() - began) }, 'leading')
    await aborted(signal)
    this.#session = undefined
    logger.info('leading no more')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events.flush()
    await this.#resources.disposeAsync()
  }
}
