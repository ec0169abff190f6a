import type { HostPort } from '@ovnkit/cni-service'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { NftElement, type TranslatedFlow } from '@ovnkit/linux'
import { type ReadableStore, type Rendered, Store, same, type View } from '@ovnkit/reconcile'
import { addressesOf, type PodFacts } from '../facts/pod.ts'
import { hostTable, nftProtocols } from '../host/table.ts'
import { serviceSets } from './skeleton.ts'

/** Ports of the host that lead to a pod, and the pod's addresses. */
export interface PublishedPod {
  readonly ports: readonly HostPort[]
  readonly addresses: readonly IpAddress[]
}

export type PublishedPods = Store<PublishedPod>

/** The few pods that have hostPorts, addresses, and containers that have not ended for good. */
export function publishedPods(pods: ReadableStore<PodFacts>): PublishedPods {
  const published: PublishedPods = new Store<PublishedPod>({
    name: 'published pods',
    equals: same,
  })
  pods.subscribe((key, pod) => {
    const addresses = pod === undefined || pod.hostPorts.length === 0 || pod.ended ? [] : addressesOf(pod)
    if (pod === undefined || addresses.length === 0) published.delete(key)
    else published.set(key, { ports: pod.hostPorts, addresses })
  })
  pods.onSynced(() => published.markSynced())
  return published
}

/** hostPorts of a pod: on the named address, or on all of the host's. That no two pods ask for the same one is the scheduler's business. */
export function renderHostPorts(published: PublishedPods, key: string, view: View): Rendered {
  const pod = view.get(published, key)
  const objects = (pod?.ports ?? []).flatMap(port =>
    (pod?.addresses ?? []).flatMap(address => element(key, port, address) ?? []),
  )
  return { kind: 'objects', objects }
}

function element(key: string, port: HostPort, address: IpAddress): NftElement | undefined {
  const family = ipFamily(address)
  const { hostIp } = port
  if (hostIp !== undefined && ipFamily(hostIp) !== family) return undefined
  const data = `${address} . ${port.containerPort}`
  const end = `${nftProtocols[port.protocol]} . ${port.hostPort}`
  const set = hostIp === undefined ? serviceSets.hostPorts : serviceSets.addresses
  const flow: TranslatedFlow = {
    ...(hostIp !== undefined && { destination: hostIp }),
    family,
    port: port.hostPort,
    to: [data],
  }
  return new NftElement({
    table: hostTable,
    set: `${set}${family}`,
    element: hostIp === undefined ? end : `${hostIp} . ${end}`,
    data,
    comment: key.slice(0, maxComment),
    flows: port.protocol === 'UDP' ? [flow] : [],
  })
}

/** nft(8) takes comments of 127 bytes. */
export const maxComment = 127
