import {
  type ServiceFacts,
  type SliceFacts,
  serviceFacts,
  serviceRangesOf,
  serviceSelector,
  sliceFacts,
  sliceIndexes,
  sliceSelector,
} from '@ovnkit/cni-service'
import type { Cidr } from '@ovnkit/inet'
import { type KubeClient, type Mirror, mirror, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store } from '@ovnkit/reconcile'
import { concernsHosts } from './service.ts'

/** What the agent follows of Services. */
export interface ServiceSources {
  /** Those that hosts have something to do for, `namespace/name`. */
  readonly services: Store<ServiceFacts>
  readonly slices: Store<SliceFacts, 'service'>
  /** Ranges of ServiceCIDR objects, by the object's name. */
  readonly serviceCIDRs: Store<readonly Cidr[]>
  readonly serviceMirrors: readonly Mirror[]
}

export interface FollowOptions {
  readonly client: KubeClient
  readonly signal: AbortSignal
  readonly logger: Logger
}

/** @param ours false: Services are a kube-proxy's, the stores stay empty */
export function followServices(options: FollowOptions, ours: boolean): ServiceSources {
  const services = new Store<ServiceFacts>({ name: 'services', equals: same })
  const slices = new Store<SliceFacts, 'service'>({ name: 'endpoint slices', equals: same, indexes: sliceIndexes })
  const serviceCIDRs = new Store<readonly Cidr[]>({ name: 'service CIDRs', equals: same })
  if (ours)
    return { services, slices, serviceCIDRs, serviceMirrors: mirrorsOf(options, { services, slices, serviceCIDRs }) }
  for (const store of [services, slices, serviceCIDRs]) store.markSynced()
  return { services, slices, serviceCIDRs, serviceMirrors: [] }
}

function mirrorsOf(options: FollowOptions, stores: Omit<ServiceSources, 'serviceMirrors'>): Mirror[] {
  const { services, slices, serviceCIDRs } = stores
  return [
    mirror({
      ...options,
      resource: resources.services,
      labelSelector: serviceSelector,
      store: services,
      trim: (service, intern) => {
        const facts = serviceFacts(service, intern)
        return facts !== undefined && concernsHosts(facts) ? facts : undefined
      },
    }),
    mirror({
      ...options,
      resource: resources.endpointSlices,
      labelSelector: sliceSelector,
      store: slices,
      trim: sliceFacts,
    }),
    // Kubernetes 1.33 and later.
    mirror({
      ...options,
      resource: resources.serviceCIDRs,
      optional: true,
      store: serviceCIDRs,
      trim: serviceRangesOf,
    }),
  ]
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
