import { theSwitch } from '../facts/switch.ts'
import type { LinkOptions } from '../sandbox/link.ts'
import { tryAgain } from '../server/cni-error.ts'
import type { HostContext } from './context.ts'
import { chooseTunnel, findEncap, podMtu } from './encap.ts'
import { configuredDatapath } from './switch.ts'

/** How pods' interfaces are made on this node, as soon as that is known. Rejects with CniError 11 when the signal aborts. */
export async function linkOptions(context: HostContext, signal: AbortSignal): Promise<LinkOptions> {
  const known = readOptions(context)
  if (typeof known !== 'string') return known
  const { promise, resolve, reject } = Promise.withResolvers<LinkOptions>()
  const look = () => {
    const options = readOptions(context)
    if (typeof options !== 'string') resolve(options)
  }
  using subscriptions = new DisposableStack()
  for (const store of [context.nodes, context.links, context.switches]) subscriptions.use(store.subscribe(look))
  const onAbort = () => reject(tryAgain('the network of this node is not set up yet', String(readOptions(context))))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The options, or why they are not known yet. */
export function readOptions({ config, node, nodes, links, switches }: HostContext): LinkOptions | string {
  const encap = findEncap(
    config,
    nodes.get(node),
    [...links.entries()].map(([, link]) => link),
  )
  if ('problem' in encap) return encap.problem
  const datapath = switches.get(theSwitch)?.datapath
  if (datapath === undefined) return 'the integration bridge does not exist yet'
  // Whoever made it first (ovn-controller) may have made it of another type; a hypervisor's stays as it is.
  const wanted = config.ovn.mode === 'external' ? undefined : configuredDatapath(config)
  if (wanted !== undefined && wanted !== datapath)
    return `the integration bridge has datapath_type ${datapath} and is about to get ${wanted}`
  const { type } = chooseTunnel(config, nodes.get(node)?.annotations)
  return { mtu: podMtu(config, encap, type), userspace: datapath === 'netdev' }
}
