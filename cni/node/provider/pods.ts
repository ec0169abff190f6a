import { managementInterface, parsePodNetworks } from '@ovnkit/cni-api'
import { cidrOf, hostAddress, type IpAddress, ipFamily } from '@ovnkit/inet'
import { KernelRoute, NftChain } from '@ovnkit/linux'
import type { Desired, Rendered, Store, View } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import { type HostContext, subnetsOf } from '../host/context.ts'
import { hostTable, nftFamilies, rangeSets } from '../host/table.ts'

/**
 * The host's way to a pod of its own on a provider's or ZStack's network: kubelet's probes, and the answers to what the pod sent by way of our router. Only
 * to the pod: the other addresses of such a network are machines, which the host reaches the way it always did.
 */
export function renderPodRoutes(context: HostContext, pods: Store<PodFacts>, key: string, view: View): Rendered {
  const pod = view.get(pods, key)
  const subnet = pod?.subnet === undefined ? undefined : view.get(context.subnets, pod.subnet)
  if (pod?.network === undefined || subnet === undefined || subnet.overlay) return { kind: 'objects', objects: [] }
  const { addresses } = parsePodNetworks(pod.network)
  return { kind: 'objects', objects: addresses.flatMap(({ ip }) => routeTo(context, ip)) }
}

function routeTo({ config }: HostContext, ip: IpAddress): Desired[] {
  const join = config.network.joinCIDR.find(({ family }) => family === ipFamily(ip))
  if (join === undefined) return []
  const destination = cidrOf(ip, join.family === 4 ? 32 : 128)
  return [new KernelRoute({ destination, via: hostAddress(join, 1), link: managementInterface })]
}

/**
 * What such a pod sends elsewhere by way of our router (to a Service's endpoint that is no pod, to another node) leaves with the host's address, so that the
 * answer finds back here. What it sends over its own network never passes the host.
 */
export function renderUnderlayMasquerade(context: HostContext, view: View): Rendered {
  const ranges = subnetsOf(view, context.subnets).flatMap(subnet => (subnet.overlay ? [] : subnet.ranges))
  if (ranges.length === 0) return { kind: 'objects', objects: [] }
  const port = managementInterface
  const rules = nftFamilies.map(
    ({ family, ip }) => `iifname "${port}" oifname != "${port}" ${ip} saddr @underlay${family} masquerade fully-random`,
  )
  const hook = { type: 'nat', hook: 'postrouting', priority: 100 } as const
  return {
    kind: 'objects',
    objects: [
      ...rangeSets('underlay', ranges),
      new NftChain({ table: hostTable, name: 'underlay-masquerade', hook, rules }),
    ],
  }
}
