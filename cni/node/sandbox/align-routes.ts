import { interfaceIds, type OvnNames, type PodNetwork, parsePodNetworks, podPortName } from '@ovnkit/cni-api'
import type { IpAddress } from '@ovnkit/inet'
import { Netlink, NetnsError, openNetns } from '@ovnkit/linux'
import type { Logger } from '@ovnkit/process'
import type { Store } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import type { LocalDatabase } from '../facts/switch.ts'

export interface AlignOptions {
  readonly pods: Store<PodFacts>
  readonly database: LocalDatabase
  readonly names: OvnNames
  readonly logger: Logger
}

/**
 * Keeps the routes of running pods as their records say, where those differ from the default route: a Subnet, a node or a range of Services that comes later
 * is reached by pods on networks of others too.
 */
export function followRoutes({ pods, database, names, logger }: AlignOptions): Disposable {
  return pods.subscribe((key, pod) => {
    if (pod?.network === undefined || !pod.network.includes('"nextHop"')) return
    const network = parsePodNetworks(pod.network)
    if (interconnects(network).length === 0) return
    const [namespace = '', name = ''] = key.split('/')
    for (const row of database.table('Interface').all('byIfaceId', names.of(podPortName(namespace, name)))) {
      const ids = row.external_ids
      if (ids.get(interfaceIds.ifaceIdVer) !== pod.uid) continue
      const netns = ids.get(interfaceIds.netns) ?? ''
      align(netns, ids.get(interfaceIds.sandboxInterface) ?? 'eth0', network).catch(err => {
        // The sandbox went meanwhile: nothing is left to align.
        if (!(err instanceof NetnsError)) logger.warn({ err, pod: key }, 'could not change the routes of a pod')
      })
    }
  })
}

/** Next hops of routes that are no gateways: our router's addresses on the pod's network. */
const interconnects = ({ routes, gateways }: PodNetwork): IpAddress[] => [
  ...new Set(routes.map(({ nextHop }) => nextHop).filter(nextHop => !gateways.includes(nextHop))),
]

async function align(path: string, ifName: string, network: PodNetwork): Promise<void> {
  using netns = openNetns(path)
  using inside = Netlink.open({ netns })
  const link = await inside.linkByName(ifName)
  if (link === undefined) return
  const { index } = link
  const own = interconnects(network)
  const present = (await inside.routes({ index })).filter(({ via }) => via !== undefined && own.includes(via))
  const keyOf = (destination: { text: string }, via: IpAddress | undefined) => `${destination.text} ${via}`
  const held = new Set(present.map(({ destination, via }) => keyOf(destination, via)))
  const wanted = new Set(network.routes.map(({ destination, nextHop }) => keyOf(destination, nextHop)))
  await Promise.all([
    ...network.routes
      .filter(({ destination, nextHop }) => !held.has(keyOf(destination, nextHop)))
      .map(({ destination, nextHop }) => inside.addRoute({ destination, via: nextHop, index, replace: true })),
    ...present
      .filter(({ destination, via }) => !wanted.has(keyOf(destination, via)))
      .map(({ destination, via, metric }) =>
        inside.deleteRoute({ destination, index, metric, ...(via !== undefined && { via }) }),
      ),
  ])
}
