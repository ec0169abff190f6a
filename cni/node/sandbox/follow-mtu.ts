import { type Link, Netlink, openNetns } from '@ovnkit/linux'
import { coalesced } from '@ovnkit/process'
import type { HostContext } from '../host/context.ts'
import { readOptions } from '../host/link-options.ts'
import { forRunningPods, type RunningOptions, type RunningPod } from './running.ts'

/** Below it an interface has no IPv6 (RFC 8200, section 5): the kernel takes its addresses away, and nobody gives them back. */
const leastForIpv6 = 1280

/**
 * Keeps the MTU of running pods that of their node, when its NIC gets another one: with a larger one their packets would be lost in the tunnel without a word, with a
 * smaller one they would not take what the others send. The host's end of a pair tells what a pod has, so a pod is entered only when there is something to do.
 */
export function followMtu({ context, ...options }: RunningOptions & { readonly context: HostContext }): Disposable {
  let wanted: number | undefined
  const align = coalesced(
    async () => wanted !== undefined && alignAll(options, wanted),
    err => options.logger.warn({ err }, 'could not change the MTU of pods'),
  )
  const look = () => {
    const link = readOptions(context)
    if (typeof link === 'string' || link.mtu === wanted) return
    wanted = link.mtu
    align()
  }
  const stack = new DisposableStack()
  for (const store of [context.nodes, context.links, context.switches]) stack.use(store.subscribe(look))
  look()
  return stack
}

async function alignAll(options: RunningOptions, mtu: number): Promise<void> {
  const meant = { what: 'change the MTU of a pod', isMeant: (outer: Link) => outer.mtu !== mtu }
  await forRunningPods(options, meant, pod => alignOne(options, pod, mtu))
}

async function alignOne({ netlink, logger }: RunningOptions, pod: RunningPod, mtu: number): Promise<void> {
  const { outer, path, ifName } = pod
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
  await netlink.setLink(outer.index, { mtu })
}
