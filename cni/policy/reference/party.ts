import { type Family, familyOf } from './network.ts'
import type { ContainerPort, Labels, Namespace, Node, Pod, World } from './objects.ts'

/** One end of a connection: a pod (`namespace/name`), a node, or an address outside of the cluster. */
export type End = { readonly pod: string } | { readonly node: string } | { readonly address: string }

/** A pod with its own network. */
export interface PodParty {
  readonly kind: 'pod'
  readonly name: string
  readonly namespace: string
  readonly labels: Labels
  readonly namespaceLabels: Labels
  readonly node: string
  readonly ports: readonly ContainerPort[]
  readonly address: string
}

export interface NodeParty {
  readonly kind: 'node'
  readonly name: string
  readonly labels: Labels
  readonly address: string
}

export interface OutsideParty {
  readonly kind: 'outside'
  readonly address: string
}

export type Party = PodParty | NodeParty | OutsideParty

/**
 * What policies can tell of an end, in one family. A pod on its node's network is traffic of that node: policies do not tell it
 * from others (concepts page, "NetworkPolicy and hostNetwork pods").
 * @throws when the world does not have it, or it has no address in the family
 */
export function partyOf(world: World, end: End, family: Family): Party {
  if ('address' in end) return { kind: 'outside', address: end.address }
  if ('node' in end) return nodeParty(world, end.node, family)
  const pod = found(world.pods, one => keyOf(one) === end.pod, `pod ${end.pod}`)
  if (pod.spec?.hostNetwork === true) return nodeParty(world, pod.spec.nodeName ?? '', family)
  const own = (pod.status?.podIPs ?? []).flatMap(({ ip }) => ip ?? [])
  return podParty(world, pod, addressIn(own, family, `pod ${end.pod}`))
}

export const keyOf = ({ metadata }: Pod | Namespace): string => `${metadata?.namespace}/${metadata?.name}`

function podParty(world: World, pod: Pod, address: string): PodParty {
  const name = pod.metadata?.namespace ?? ''
  const namespace = found(world.namespaces, one => one.metadata?.name === name, `namespace ${name}`)
  return {
    kind: 'pod',
    name: keyOf(pod),
    namespace: name,
    labels: pod.metadata?.labels ?? {},
    namespaceLabels: namespace.metadata?.labels ?? {},
    node: pod.spec?.nodeName ?? '',
    ports: portsOf(pod),
    address,
  }
}

/** Containers that run beside each other: init containers that restart always are sidecars (core/v1, Container.restartPolicy). */
function portsOf({ spec }: Pod): readonly ContainerPort[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...(spec?.containers ?? []), ...sidecars].flatMap(({ ports }) => ports ?? [])
}

function nodeParty(world: World, name: string, family: Family): NodeParty {
  const node: Node = found(world.nodes, one => one.metadata?.name === name, `node ${name}`)
  const addresses = (node.status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
    .map(({ address }) => address)
  return {
    kind: 'node',
    name,
    labels: node.metadata?.labels ?? {},
    address: addressIn(addresses, family, `node ${name}`),
  }
}

function addressIn(addresses: readonly string[], family: Family, what: string): string {
  return found(addresses, one => familyOf(one) === family, `an IPv${family} address of ${what}`)
}

function found<T>(all: readonly T[], is: (one: T) => boolean, what: string): T {
  const one = all.find(is)
  if (one === undefined) throw new Error(`the world has no ${what}`)
  return one
}
