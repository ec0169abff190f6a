import { type Config, nbRemote, sbRemote } from '@ovnkit/cni-api'
import type { KubeClient } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { databaseReplica, Engine, OvsdbTarget } from '@ovnkit/reconcile'
import { connectionOf } from './connection.ts'
import { allChassis } from './ovn/chassis.ts'
import { chassisRemoval, isOwnChassis } from './ovn/chassis-janitor.ts'
import { findIdentity, type Identity } from './ovn/identity.ts'
import { type Northbound, northboundTables, openNorthbound } from './ovn/northbound.ts'
import { northboundOwnership } from './ovn/ownership.ts'
import { openSouthbound, type Southbound } from './ovn/southbound.ts'

export interface CleanupContext {
  readonly config: Config
  readonly client: KubeClient
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Takes everything of this cluster out of the databases, when the product is uninstalled: rows with our mark, what tables without marks hold of ours, our
 * elements in rows of others, and the chassis of nodes that are nobody else's. Nothing else is touched. No controller may lead meanwhile, and no agent
 * run: they would write it again. Can be run again.
 *
 * What carries our mark is swept by the engine that made it, which here has no owners. Resolves when nothing is left.
 */
export async function cleanDatabases({ config, client, logger, signal }: CleanupContext): Promise<void> {
  const identity = await findIdentity({ config, client, logger, signal })
  await using stack = new AsyncDisposableStack()
  const connection = connectionOf(config)
  const nb = stack.use(
    openNorthbound({ ...connection, remotes: nbRemote(config), logger: logger.child({ database: 'nb' }) }),
  )
  const sb = stack.use(
    openSouthbound({ ...connection, remotes: sbRemote(config), logger: logger.child({ database: 'sb' }) }),
  )
  await Promise.all([nb.ready({ signal }), sb.ready({ signal })])
  const rows = await sweep(config, identity, nb, { logger, signal })
  const chassis = await removeChassis(sb, identity, signal)
  logger.info({ rows, chassis, cluster: identity.cluster }, 'nothing of the cluster is left in the databases')
}

/** @returns how many rows and elements went */
async function sweep(
  config: Config,
  identity: Identity,
  nb: Northbound,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<number> {
  const target = new OvsdbTarget({
    name: 'nb',
    replica: databaseReplica(nb, northboundTables),
    ...northboundOwnership(config, identity, nb),
  })
  using engine = new Engine({ owners: [], targets: [target], logger })
  engine.start({ signal })
  await becomes(nb, signal, () => target.held()[Symbol.iterator]().next().done === true)
  return engine.stats.operations
}

/** Removes the chassis that carry our mark; a hypervisor's does not. */
async function removeChassis(sb: Southbound, identity: Identity, signal: AbortSignal): Promise<number> {
  const ours = () => allChassis(sb).filter(([, facts]) => isOwnChassis(facts, identity))
  const found = ours()
  await becomes(sb, signal, () => {
    const left = ours()
    const operations = left.flatMap(([name, facts]) => chassisRemoval(sb, name, facts))
    if (sb.connected && operations.length > 0) void sb.transact(operations)
    return left.length === 0
  })
  return found.length
}

/** Looks now, and again whenever the database changes or is reached again. */
async function becomes(db: Northbound | Southbound, signal: AbortSignal, condition: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = () => condition() && resolve()
  using _batches = db.onBatch(look)
  using _states = db.on('state', look)
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) onAbort()
    look()
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
