import type { ServiceFacts } from '@ovnkit/cni-service'
import type { IpAddress } from '@ovnkit/inet'
import { type ReadableStore, Store } from '@ovnkit/reconcile'
import type { Announcing, EgressFacts } from './sources.ts'

/** An address that lives on this node. */
export interface Held extends Announcing {
  readonly address: IpAddress
  /** Source of pods: destinations to which it is not; undefined: an address of a Service. */
  readonly egress: { readonly excluded: readonly string[] } | undefined
}

export interface HeldOptions {
  readonly node: string
  readonly egressIPs: ReadableStore<EgressFacts>
  readonly pools: ReadableStore<Announcing>
  readonly balancers: ReadableStore<ServiceFacts>
}

/**
 * The addresses that live on this node by the controller's word: in the status of EgressIPs, and in the annotation of Services. While the API is away they stay as
 * they were.
 */
export function followHeld({ node, egressIPs, pools, balancers }: HeldOptions): Store<Held> {
  const held = new Store<Held>({ name: 'held addresses', equals: (a, b) => JSON.stringify(a) === JSON.stringify(b) })
  const look = () => held.replace([...ofEgressIPs(egressIPs), ...ofServices(node, balancers, pools)])
  const lookWhenComplete = () => {
    if ([egressIPs, pools, balancers].every(({ synced }) => synced)) look()
  }
  egressIPs.subscribe(lookWhenComplete)
  pools.subscribe(lookWhenComplete)
  balancers.subscribe((_, service, old) => {
    if (service?.balancer?.node === node || old?.balancer?.node === node) lookWhenComplete()
  })
  for (const store of [egressIPs, pools, balancers]) store.onSynced(lookWhenComplete)
  return held
}

function* ofEgressIPs(egressIPs: ReadableStore<EgressFacts>): Generator<[string, Held]> {
  for (const name of egressIPs.keys()) {
    const facts = egressIPs.get(name)
    if (facts === undefined) continue
    const { addresses, announce, link, excluded } = facts
    for (const address of addresses) yield [address, { address, announce, link, egress: { excluded } }]
  }
}

function* ofServices(
  node: string,
  balancers: ReadableStore<ServiceFacts>,
  pools: ReadableStore<Announcing>,
): Generator<[string, Held]> {
  for (const key of balancers.keys()) {
    const service = balancers.get(key)
    if (service?.balancer?.node !== node) continue
    const pool = pools.get(service.balancer.recordedPool)
    const { announce = 'arp', link = '' } = pool ?? {}
    for (const { ip, mode } of service.ingress)
      if (mode === 'VIP') yield [ip, { address: ip, announce, link, egress: undefined }]
  }
}
