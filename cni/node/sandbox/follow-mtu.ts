import { interfaceIds } from '@ovnkit/cni-api'
import { type Link, Netlink, NetnsError, openNetns } from '@ovnkit/linux'
import { coalesced, type Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import { readOptions } from '../host/link-options.ts'

export interface FollowMtuOptions {
  readonly context: HostContext
  readonly database: LocalDatabase
  readonly netlink: Netlink
  readonly logger: Logger
}

/** Below it an interface has no IPv6 (RFC 8200, section 5): the kernel takes its addresses away, and nobody gives them back. */
const leastForIpv6 = 1280

/**
 * Keeps the MTU of running pods that of their node, when its NIC gets another one: with a larger one their packets would be lost in the tunnel without a word, with a
 * smaller one they would not take what the others send. The host's end of a pair tells what a pod has, so a pod is entered only when there is something to do.
 */
export function followMtu({ context, database, netlink, logger }: FollowMtuOptions): Disposable {
  let wanted: number | undefined
  const align = coalesced(
    async () => wanted !== undefined && alignAll(database, netlink, { mtu: wanted, logger }),
    err => logger.warn({ err }, 'could not change the MTU of pods'),
  )
  const look = () => {
    const options = readOptions(context)
    if (typeof options === 'string' || options.mtu === wanted) return
    wanted = options.mtu
    align()
  }
  const stack = new DisposableStack()
  for (const store of [context.nodes, context.links, context.switches]) stack.use(store.subscribe(look))
  look()
  return stack
}

interface Target {
  readonly mtu: number
  readonly logger: Logger
}

async function alignAll(database: LocalDatabase, netlink: Netlink, target: Target): Promise<void> {
  const differing = (await netlink.links()).filter(({ kind, mtu }) => kind === 'veth' && mtu !== target.mtu)
  for (const outer of differing) {
    const ids = database.table('Interface').by('byName', outer.name)?.external_ids
    const path = ids?.get(interfaceIds.netns)
    if (path === undefined) continue
    const ifName = ids?.get(interfaceIds.sandboxInterface) ?? 'eth0'
    // The sandbox went meanwhile: nothing is left to align.
    await alignOne(netlink, outer, { ...target, path, ifName }).catch(err => {
      if (!(err instanceof NetnsError))
        target.logger.warn({ err, port: outer.name }, 'could not change the MTU of a pod')
    })
  }
}

async function alignOne(
  host: Netlink,
  outer: Link,
  { mtu, logger, path, ifName }: Target & { readonly path: string; readonly ifName: string },
): Promise<void> {
  using netns = openNetns(path)
  using inside = Netlink.open({ netns })
  const link = await inside.linkByName(ifName)
  if (link === undefined) return
  const addresses = await inside.addresses({ index: link.index })
  if (mtu < leastForIpv6 && addresses.some(({ family }) => family === 6)) {
    logger.warn({ port: outer.name, mtu }, 'a pod with IPv6 keeps its MTU: IPv6 needs 1280')
    return
  }
  await inside.setLink(link.index, { mtu })
  await host.setLink(outer.index, { mtu })
}
