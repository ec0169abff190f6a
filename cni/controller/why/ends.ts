import { type End, type NodeEnd, namedPortsOf, type PodEnd } from '@ovnkit/cni-policy'
import { type Family, type IpAddress, ipFamily, tryParseIp } from '@ovnkit/inet'
import { type KubeClient, type Pod, resources } from '@ovnkit/kube'
import { nodeFacts } from '../facts/node.ts'
import { namesByAddress } from './learned-names.ts'
import type { Place } from './options.ts'

/** An end before its family is known. */
interface Found {
  readonly addresses: readonly IpAddress[]
  end(family: Family): End | undefined
}

/**
 * Who is asked about: a pod by name or address, a node by address, or somebody outside.
 * @throws Error when there is no such pod, or the two have no family of addresses in common
 */
export async function findEnds(client: KubeClient, from: Place, to: Place): Promise<{ from: End; to: End }> {
  const [source, destination, names] = await Promise.all([find(client, from), find(client, to), namesByAddress(client)])
  for (const family of [4, 6] as const) {
    const ends = { from: source.end(family), to: destination.end(family) }
    if (ends.from !== undefined && ends.to !== undefined) return { from: ends.from, to: named(ends.to, names) }
  }
  throw new Error(
    `expected addresses of one family, got ${source.addresses.join(', ') || 'none'} and ${destination.addresses.join(', ') || 'none'}`,
  )
}

/** Destinations alone are known by domain names. */
function named(end: End, names: ReadonlyMap<string, readonly string[]>): End {
  const addresses = end.kind === 'node' ? end.addresses : [end.address]
  const domainNames = [...new Set(addresses.flatMap(address => names.get(address) ?? []))].sort()
  return domainNames.length === 0 ? end : { ...end, domainNames }
}

async function find(client: KubeClient, place: Place): Promise<Found> {
  if (place.kind === 'pod')
    return ofPod(client, await client.get(resources.pods, { namespace: place.namespace, name: place.name }))
  const { address } = place
  const node = (await nodesOf(client)).find(one => one.addresses.includes(address))
  if (node !== undefined) return nodeFound(node)
  const [pod] = (await client.list(resources.pods, { fieldSelector: `status.podIP=${address}` })).items
  if (pod !== undefined && pod.spec?.hostNetwork !== true) return only(await ofPod(client, pod), address)
  return {
    addresses: [address],
    end: family => (ipFamily(address) === family ? { kind: 'outside', address } : undefined),
  }
}

const only = ({ end }: Found, address: IpAddress): Found => ({
  addresses: [address],
  end: family => (ipFamily(address) === family ? end(family) : undefined),
})

async function nodesOf(client: KubeClient): Promise<NodeEnd[]> {
  return (await client.list(resources.nodes)).items.map(nodeFacts).map(nodeEnd)
}

const nodeEnd = ({ name, labels, addresses }: ReturnType<typeof nodeFacts>): NodeEnd => ({
  kind: 'node',
  name,
  labels,
  addresses,
})

const nodeFound = (node: NodeEnd): Found => ({
  addresses: node.addresses,
  end: family => (node.addresses.some(one => ipFamily(one) === family) ? node : undefined),
})

/** A pod on its node's network is traffic of that node. */
async function ofPod(client: KubeClient, pod: Pod): Promise<Found> {
  const { metadata = {}, spec, status } = pod
  const { namespace = '', name = '' } = metadata
  if (spec?.hostNetwork === true)
    return nodeFound(nodeEnd(nodeFacts(await client.get(resources.nodes, { name: spec.nodeName ?? '' }))))
  const addresses = (status?.podIPs ?? []).flatMap(({ ip }) => tryParseIp(ip ?? '') ?? [])
  const space = await client.get(resources.namespaces, { name: namespace })
  const traits: Omit<PodEnd, 'address'> = {
    kind: 'pod',
    namespace,
    name,
    labels: metadata.labels ?? {},
    ports: namedPortsOf(spec),
    namespaceLabels: space.metadata?.labels ?? {},
    node: spec?.nodeName ?? '',
  }
  return {
    addresses,
    end(family) {
      const address = addresses.find(one => ipFamily(one) === family)
      return address === undefined ? undefined : { ...traits, address }
    },
  }
}
