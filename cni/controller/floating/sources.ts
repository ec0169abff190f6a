import { type EgressIP, egressIPs as egressIPResource, type LoadBalancerPool, loadBalancerPools } from '@ovnkit/cni-api'
import {
  type KubeClient,
  type KubeObject,
  type Mirror,
  mirror,
  type Observed,
  type ObservedResource,
  observed,
} from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'
import { derive } from '../derived.ts'
import { type EgressIPFacts, egressIPFacts } from '../facts/egress-ip.ts'
import { type PoolFacts, poolFacts } from '../facts/pool.ts'
import { poolFinalizer } from '../resources.ts'

/** What the controller knows of addresses that live on one node. */
export interface FloatingSources {
  readonly pools: Store<PoolFacts>
  readonly egressIPs: Store<EgressIPFacts>
  /** The EgressIPs as they are, status and all; for what writes them, and at start. */
  readonly egressIPObjects: Store<EgressIP>
}

export interface FollowedFloating extends FloatingSources {
  readonly mirrors: readonly Mirror[]
  readonly observed: readonly ObservedResource[]
}

export function startFloatingSources(options: {
  client: KubeClient
  signal: AbortSignal
  logger: Logger
}): FollowedFloating {
  const pools = new Store<PoolFacts>({ name: 'pools', equals: same })
  const egressIPs = new Store<EgressIPFacts>({ name: 'egress IPs', equals: same })
  const poolObjects = new Store<LoadBalancerPool>({ name: 'pool objects', equals: same })
  const egressIPObjects = new Store<EgressIP>({ name: 'egress IP objects', equals: same })
  // Without their status: what the controller writes changes nothing for plans.
  derive(poolObjects, pools, poolFacts)
  derive(egressIPObjects, egressIPs, egressIPFacts)
  const poolMirror = mirror({ ...options, resource: loadBalancerPools, store: poolObjects, trim: object => object })
  const egressMirror = mirror({
    ...options,
    resource: egressIPResource,
    store: egressIPObjects,
    trim: object => object,
  })
  return {
    pools,
    egressIPs,
    egressIPObjects,
    mirrors: [poolMirror, egressMirror],
    observed: [
      observed({
        resource: loadBalancerPools,
        store: poolObjects,
        observe,
        sweepFinalizer: poolFinalizer,
        version: key => poolMirror.version(key),
      }),
      observed({
        resource: egressIPResource,
        store: egressIPObjects,
        observe,
        version: key => egressMirror.version(key),
      }),
    ],
  }
}

function observe(object: KubeObject & { readonly status?: object }): Observed {
  const { metadata = {}, status } = object
  const { uid = '', annotations, finalizers } = metadata
  return { uid, annotations, finalizers, status: status && { ...status }, object }
}
