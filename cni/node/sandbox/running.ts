import { interfaceIds } from '@ovnkit/cni-api'
import { type Link, type Netlink, NetnsError } from '@ovnkit/linux'
import type { Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'

export interface RunningOptions {
  readonly database: LocalDatabase
  readonly netlink: Netlink
  readonly logger: Logger
}

/** A pod that runs: the host's end of its pair, and where the other end is. */
export interface RunningPod {
  readonly outer: Link
  readonly path: string
  readonly ifName: string
}

/**
 * Does something to every running pod whose host's end is meant; one that fails is told of, and does not stop the others.
 * @param what for the log: `could not WHAT`
 */
export async function forRunningPods(
  { database, netlink, logger }: RunningOptions,
  { what, isMeant }: { readonly what: string; readonly isMeant: (outer: Link) => boolean },
  work: (pod: RunningPod) => Promise<void> | void,
): Promise<void> {
  for (const outer of (await netlink.links()).filter(({ kind }) => kind === 'veth').filter(isMeant)) {
    const ids = database.table('Interface').by('byName', outer.name)?.external_ids
    const path = ids?.get(interfaceIds.netns)
    if (path === undefined) continue
    try {
      await work({ outer, path, ifName: ids?.get(interfaceIds.sandboxInterface) ?? 'eth0' })
    } catch (err) {
      // The sandbox went meanwhile: there is nothing left to do.
      if (!(err instanceof NetnsError)) logger.warn({ err, port: outer.name }, `could not ${what}`)
    }
  }
}
