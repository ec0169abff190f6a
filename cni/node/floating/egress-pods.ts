import { type Config, egressSetName, ovnNames, sbRemote } from '@ovnkit/cni-api'
import { type IpAddress, tryParseIp } from '@ovnkit/inet'
import { OVN_Southbound, type OVN_Southbound_Tables } from '@ovnkit/ovn'
import { type Clause, type Database, openDatabase } from '@ovnkit/ovsdb'
import type { Logger } from '@ovnkit/process'
import { type ReadableStore, Store } from '@ovnkit/reconcile'
import type { WayOut } from './held.ts'

export interface EgressPodsOptions {
  readonly config: Config
  readonly ways: ReadableStore<WayOut>
  readonly logger: Logger
}

const tables = {
  Address_Set: { columns: ['name', 'addresses'], indexes: { byName: ['name'] }, where: [false] },
} as const
type Southbound = Database<OVN_Southbound_Tables, typeof tables>

/**
 * Which pods, of any node, leave with the addresses that may live here: the address sets by which OVN leads them, from the Southbound database. The database is asked
 * only while there are such addresses, and only for their sets.
 */
export class EgressPods implements AsyncDisposable {
  /** Source by the pod's address. */
  readonly sources: Store<IpAddress> = new Store<IpAddress>({ name: 'egress pods' })
  readonly #options: EgressPodsOptions
  readonly #resources = new DisposableStack()
  readonly #stop = new AbortController()
  #database: Southbound | undefined
  #names = new Map<string, IpAddress>()

  constructor(options: EgressPodsOptions) {
    this.#options = options
    const { ways } = options
    this.#resources.use(ways.subscribe(() => this.#follow()))
    this.#resources.use(ways.onSynced(() => this.#follow()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#resources.dispose()
    this.#stop.abort()
    await this.#database?.[Symbol.asyncDispose]()
  }

  #follow(): void {
    const { config, ways, logger } = this.#options
    const { inExpression } = ovnNames(config.ovn.clusterName)
    if (!ways.synced) return
    const names = new Map<string, IpAddress>()
    for (const key of ways.keys()) {
      const way = ways.get(key)
      if (way !== undefined) names.set(inExpression(egressSetName(way.address)), way.address)
    }
    if (this.#database !== undefined && [...names.keys()].sort().join() === [...this.#names.keys()].sort().join())
      return
    this.#names = names
    if (names.size === 0) {
      void this.#database?.[Symbol.asyncDispose]()
      this.#database = undefined
      this.sources.replace([])
      return
    }
    this.#database ??= this.#open()
    this.#ask(this.#database, [...names.keys()]).catch(err => {
      if (!this.#stop.signal.aborted) logger.error({ err }, 'could not follow the address sets of EgressIPs')
    })
  }

  /** Follows these sets from now on. What a column is in the database is known once it was reached. */
  async #ask(database: Southbound, names: readonly string[]): Promise<void> {
    await database.ready({ signal: this.#stop.signal })
    await database.setConditions({ Address_Set: names.map((name): Clause => ['name', '==', name]) })
    this.#read()
  }

  #open(): Southbound {
    const { config, logger } = this.#options
    const { ssl, reconnectInterval: min, maxReconnectInterval: max } = config.ovn
    const database: Southbound = openDatabase(OVN_Southbound, {
      remotes: sbRemote(config),
      tables,
      leaderOnly: false,
      tls: ssl.enabled ? { ca: ssl.caCert, cert: ssl.clientCert, key: ssl.clientKey } : undefined,
      backoff: { min, max },
      logger: logger.child({ database: 'sb' }),
    })
    database.onBatch(() => {
      // The first state may be from before the sets were asked for.
      if (database === this.#database && this.sources.synced) this.#read()
    })
    return database
  }

  #read(): void {
    const table = this.#database?.table('Address_Set')
    if (table === undefined) return
    const found: [string, IpAddress][] = []
    for (const [name, source] of this.#names) {
      for (const pod of table.by('byName', name)?.addresses ?? []) {
        const address = tryParseIp(pod)
        if (address !== undefined) found.push([address, source])
      }
    }
    this.sources.replace(found)
  }
}
