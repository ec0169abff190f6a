import { annotationNames, loadBalancerPools, type SubnetCondition } from '@ovnkit/cni-api'
import { ingressAddresses, type ServiceFacts } from '@ovnkit/cni-service'
import { type KubeDesires, type ObjectRef, resources } from '@ovnkit/kube'
import type { Desired, OwnerKind, ReadableStore, Rendered, View } from '@ovnkit/reconcile'
import type { PoolFacts } from '../facts/pool.ts'
import { poolFinalizer } from '../resources.ts'
import { claimKey } from './claim.ts'
import type { Grant } from './grant.ts'
import type { PoolVerdict } from './plan-pools.ts'
import type { PoolUsage } from './planner.ts'

/** What the renders of pools and of Services' addresses read. */
export interface BalancerWorld {
  readonly services: ReadableStore<ServiceFacts>
  readonly grants: ReadableStore<Grant>
  readonly holders: ReadableStore<string>
  readonly pools: ReadableStore<PoolFacts>
  readonly poolVerdicts: ReadableStore<PoolVerdict>
  readonly poolUsage: ReadableStore<PoolUsage>
}

const statusInterval = 1000

/** Owners of what is written to Services of type LoadBalancer and to LoadBalancerPools. */
export function balancerKinds(world: BalancerWorld, kube: KubeDesires): OwnerKind[] {
  const objects = (list: readonly Desired[]): Rendered => ({ kind: 'objects', objects: list })
  return [
    {
      kind: 'load-balancer',
      keys: world.grants,
      order: 4,
      render: (key, view) => objects(renderService(world, kube, key, view)),
    },
    {
      kind: 'load-balancer-pool',
      keys: world.pools,
      order: 4,
      render: (key, view) => objects(renderPool(world, kube, key, view)),
    },
  ]
}

/** The addresses, and whose they are and where they live: what a restart goes by. */
function renderService(world: BalancerWorld, kube: KubeDesires, key: string, view: View): Desired[] {
  const service = view.get(world.services, key)
  const grant = view.get(world.grants, key)
  if (service?.balancer === undefined || grant === undefined) return []
  const { namespace, name, uid, balancer } = service
  const ref: ObjectRef = { resource: resources.services, namespace, name, uid }
  const names = annotationNames.service
  if (grant.state === 'granted') {
    const ingress = grant.addresses.map(ip => ({ ip, ipMode: 'VIP' }))
    const node = view.get(world.holders, claimKey(key))
    return [
      kube.annotations(ref, { [names.recordedPool]: grant.pool, [names.loadBalancerNode]: node }),
      kube.status(ref, { loadBalancer: { ingress } }),
    ]
  }
  const nothing = kube.annotations(ref, { [names.recordedPool]: undefined, [names.loadBalancerNode]: undefined })
  const left = balancer.recordedPool !== '' && ingressAddresses(balancer.ingress).length > 0
  return left ? [kube.status(ref, { loadBalancer: { ingress: null } }), nothing] : [nothing]
}

function renderPool(world: BalancerWorld, kube: KubeDesires, key: string, view: View): Desired[] {
  const pool = view.get(world.pools, key)
  if (pool === undefined) return []
  const ref: ObjectRef = { resource: loadBalancerPools, name: pool.name, uid: pool.uid }
  const usage = view.get(world.poolUsage, key) ?? { used: 0, available: 0 }
  const conditions = poolConditions(pool, view.get(world.poolVerdicts, key), usage)
  const status = { usedIPs: usage.used, availableIPs: usage.available, conditions }
  const desired: Desired[] = [kube.status(ref, status, { minIntervalMs: statusInterval })]
  // While it is being deleted, the finalizer goes with the last address.
  if (usage.used > 0 || !pool.deleting) desired.push(kube.finalizer(ref, poolFinalizer))
  return desired
}

type Condition = Omit<SubnetCondition, 'lastTransitionTime'>

function poolConditions(
  pool: PoolFacts,
  verdict: PoolVerdict | undefined,
  { used, available }: PoolUsage,
): Condition[] {
  const condition = (type: string, holds: boolean, reason: string, message: string): Condition => ({
    type,
    status: holds ? 'True' : 'False',
    reason,
    message,
    observedGeneration: pool.generation,
  })
  if (verdict?.kind !== 'accepted') {
    const { reason, message } = verdict?.problem ?? { reason: 'Waiting', message: 'not looked at yet' }
    return [condition('Ready', false, reason, message)]
  }
  const all = [
    condition('Ready', true, 'Ready', ''),
    available > 0
      ? condition('AddressesAvailable', true, 'AddressesAvailable', '')
      : condition('AddressesAvailable', false, 'Exhausted', 'Services that ask wait for an address to become free'),
  ]
  if (pool.deleting && used > 0)
    all.push(condition('InUse', true, 'AddressesInUse', `${used} addresses are had by Services; no new ones are given`))
  return all
}
