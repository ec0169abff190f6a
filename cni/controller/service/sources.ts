import {
  type ServiceFacts,
  type SliceFacts,
  serviceFacts,
  serviceRangesOf,
  serviceSelector,
  sliceFacts,
  sliceIndexes,
  sliceSelector,
  writtenAnnotations,
} from '@ovnkit/cni-service'
import type { Cidr } from '@ovnkit/inet'
import { type KubeClient, type Mirror, mirror, type ObservedResource, observed, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'

/** What the controller knows of Services. */
export interface ServiceSources {
  /** Services with virtual addresses, `namespace/name`. */
  readonly services: Store<ServiceFacts>
  /** EndpointSlices, `namespace/name`; by their Service. */
  readonly slices: Store<SliceFacts, 'service'>
  /** Ranges of ServiceCIDR objects, by the object's name. */
  readonly serviceCIDRs: Store<readonly Cidr[]>
  readonly mirrors: readonly Mirror[]
  /** What is written to. */
  readonly observed: readonly ObservedResource[]
}

export function startServiceSources(options: {
  client: KubeClient
  signal: AbortSignal
  logger: Logger
}): ServiceSources {
  const services = new Store<ServiceFacts>({ name: 'services', equals: same })
  const slices = new Store<SliceFacts, 'service'>({ name: 'endpoint slices', equals: same, indexes: sliceIndexes })
  const serviceCIDRs = new Store<readonly Cidr[]>({ name: 'service CIDRs', equals: same })
  const serviceMirror = mirror({
    ...options,
    resource: resources.services,
    labelSelector: serviceSelector,
    store: services,
    trim: serviceFacts,
  })
  return {
    services,
    slices,
    serviceCIDRs,
    mirrors: [
      serviceMirror,
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
    ],
    observed: [
      observed({
        resource: resources.services,
        store: services,
        observe: ({ uid, written, balancer }) => ({
          uid,
          annotations: written,
          status: balancer && { loadBalancer: { ingress: balancer.ingress } },
        }),
        version: key => serviceMirror.version(key),
        sweepAnnotations: writtenAnnotations,
      }),
    ],
  }
}
