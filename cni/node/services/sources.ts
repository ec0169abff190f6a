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
import type { Cidr, IpAddress } from '@ovnkit/inet'
import { type KubeClient, type Mirror, mirror, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'
import { nodeFacts } from '../facts/node.ts'
import { concernsHosts } from './service.ts'

/** What the agent follows of Services. */
export interface ServiceSources {
  /** Those that hosts have something to do for, `namespace/name`. */
  readonly services: Store<ServiceFacts>
  readonly slices: Store<SliceFacts, 'service'>
  /** Ranges of ServiceCIDR objects, by the object's name. */
  readonly serviceCIDRs: Store<readonly Cidr[]>
  /** InternalIPs of every node, by its name. */
  readonly neighbours: Store<readonly IpAddress[]>
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
  const neighbours = new Store<readonly IpAddress[]>({ name: 'neighbours', equals: same })
  const stores = { services, slices, serviceCIDRs, neighbours }
  if (ours) return { ...stores, serviceMirrors: mirrorsOf(options, stores) }
  for (const store of Object.values(stores)) store.markSynced()
  return { ...stores, serviceMirrors: [] }
}

function mirrorsOf(options: FollowOptions, stores: Omit<ServiceSources, 'serviceMirrors'>): Mirror[] {
  const { services, slices, serviceCIDRs, neighbours } = stores
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
    mirror({ ...options, resource: resources.nodes, store: neighbours, trim: node => nodeFacts(node).internalIps }),
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
