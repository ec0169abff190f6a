import type { ServiceFacts } from '@ovnkit/cni-service'
import type { IpAddress } from '@ovnkit/inet'
import { selects } from '@ovnkit/kube'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { Announcing, EgressFacts } from './sources.ts'

/** An address that lives on this node. */
export interface Held extends Announcing {
  readonly address: IpAddress
}

/** An address with which pods leave by this node, while it lives here. */
export interface WayOut {
  readonly address: IpAddress
  /** Destinations to which it is no source. */
  readonly excluded: readonly string[]
}

export interface Floating {
  readonly held: Store<Held>
  /**
   * Addresses of EgressIPs that live here or may come to live here. What they need is in place before they come: else the first packets after a failover
   * would leave with the node's own address.
   */
  readonly ways: Store<WayOut>
}

export interface FloatingOptions {
  readonly node: string
  readonly nodes: ReadableStore<NodeFacts>
  readonly egressIPs: ReadableStore<EgressFacts>
  readonly pools: ReadableStore<Announcing>
  readonly balancers: ReadableStore<ServiceFacts>
}

/** Follows the controller's word: the status of EgressIPs, and an annotation of Services. While the API is away all stays as it was. */
export function followFloatingAddresses(options: FloatingOptions): Floating {
  const { node, nodes, egressIPs, pools, balancers } = options
  const held = new Store<Held>({ name: 'held addresses', equals: same })
  const ways = new Store<WayOut>({ name: 'ways out', equals: same })
  const look = () => {
    if (![nodes, egressIPs, pools, balancers].every(({ synced }) => synced)) return
    held.replace([...ofEgressIPs(options), ...ofServices(options)])
    ways.replace(waysOut(options))
  }
  for (const store of [nodes, egressIPs, pools]) store.subscribe(look)
  balancers.subscribe((_, service, old) => {
    if (service?.balancer?.node === node || old?.balancer?.node === node) look()
  })
  for (const store of [nodes, egressIPs, pools, balancers]) store.onSynced(look)
  return { held, ways }
}

function* ofEgressIPs({ node, egressIPs }: FloatingOptions): Generator<[string, Held]> {
  for (const { items, announce, link } of values(egressIPs))
    for (const { address, node: holder } of items) if (holder === node) yield [address, { address, announce, link }]
}

function* ofServices({ node, balancers, pools }: FloatingOptions): Generator<[string, Held]> {
  for (const { balancer, ingress } of values(balancers)) {
    if (balancer?.node !== node) continue
    const { announce = 'arp', link = '' } = pools.get(balancer.recordedPool) ?? {}
    for (const { ip, mode } of ingress) if (mode === 'VIP') yield [ip, { address: ip, announce, link }]
  }
}

function* waysOut({ node, nodes, egressIPs }: FloatingOptions): Generator<[string, WayOut]> {
  const labels = nodes.get(node)?.labels ?? {}
  for (const { items, excluded, nodeSelector } of values(egressIPs)) {
    const candidate = nodeSelector === undefined || selects(nodeSelector, labels)
    for (const { address, node: holder } of items)
      if (candidate || holder === node) yield [address, { address, excluded }]
  }
}

function* values<V>(store: ReadableStore<V>): Generator<V> {
  for (const key of store.keys()) {
    const value = store.get(key)
    if (value !== undefined) yield value
  }
}
