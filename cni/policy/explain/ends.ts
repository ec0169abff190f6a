import { cidrContains, type IpAddress } from '@ovnkit/inet'
import type { Labels } from '@ovnkit/kube'
import { inGroup, type PodGroup, type PodTraits } from '../group.ts'
import type { Peer } from '../rule.ts'
import { selects } from '../selector.ts'

/** What every end may have. */
interface AnyEnd {
  /** Domain names, as policies have them, that nodes have learned its address of. */
  readonly domainNames?: readonly string[]
}

/** A pod with its own network. */
export interface PodEnd extends PodTraits, AnyEnd {
  readonly kind: 'pod'
  readonly name: string
  readonly namespaceLabels: Labels
  readonly node: string
  /** Of the connection's family. */
  readonly address: IpAddress
}

/** A node; pods on its network are traffic of its. */
export interface NodeEnd extends AnyEnd {
  readonly kind: 'node'
  readonly name: string
  readonly labels: Labels
  readonly addresses: readonly IpAddress[]
}

/** Somebody outside of the cluster. */
export interface OutsideEnd extends AnyEnd {
  readonly kind: 'outside'
  readonly address: IpAddress
}

/** One end of a connection, as policies see it. */
export type End = PodEnd | NodeEnd | OutsideEnd

export const endText = (end: End): string => {
  if (end.kind === 'pod') return `${end.namespace}/${end.name}`
  if (end.kind === 'node') return `node ${end.name}`
  return end.domainNames === undefined || end.domainNames.length === 0
    ? end.address
    : `${end.address} (${end.domainNames.join(', ')})`
}

export const isIn = (group: PodGroup, end: End): boolean =>
  end.kind === 'pod' && inGroup(group, end, end.namespaceLabels)

/** Whether an end is among those that a peer names. */
export function isPeer(peer: Peer, end: End): boolean {
  switch (peer.kind) {
    case 'pods':
      return isIn(peer.group, end)
    case 'block':
      return addressesOf(end).some(
        address => cidrContains(peer.cidr, address) && !peer.except.some(one => cidrContains(one, address)),
      )
    case 'nodes':
      return end.kind === 'node' && selects(peer.selector, end.labels)
    case 'domains':
      return peer.names.some(name => end.domainNames?.includes(name))
  }
}

const addressesOf = (end: End): readonly IpAddress[] => (end.kind === 'node' ? end.addresses : [end.address])
