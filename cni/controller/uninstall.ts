import { runLeaderElection } from '@ovnkit/kube'
import { type CleanupContext, cleanDatabases } from './cleanup.ts'
import type { ControllerOptions } from './options.ts'

/** Cleans the databases while this process holds the controller's Lease, so that no controller leads meanwhile. */
export class Uninstall {
  #done = false

  /** What is not done yet, a sentence. */
  problems(): string[] {
    return this.#done ? [] : ['the databases are not clean yet']
  }

  /** Resolves when the databases are clean; the Lease is free again then. */
  async run(context: CleanupContext, options: ControllerOptions): Promise<void> {
    if (options.leaderElect) await leading(context, options)
    else await cleanDatabases(context)
    this.#done = true
  }
}

async function leading(context: CleanupContext, options: ControllerOptions): Promise<void> {
  const { client, logger, signal } = context
  const done = new AbortController()
  const { leaseNamespace: namespace, leaseName: name, identity, leaseSeconds, renewSeconds, retrySeconds } = options
  await runLeaderElection({
    ...{ client, logger, namespace, name, identity, leaseSeconds, renewSeconds, retrySeconds },
    onLeading: async lost => {
      await cleanDatabases({ ...context, signal: lost })
      done.abort(new Error('the databases are clean'))
    },
    onStandby: holder => logger.info({ holder }, 'waiting until the controller that leads has ended'),
    signal: AbortSignal.any([signal, done.signal]),
  })
  signal.throwIfAborted()
}
