import type { Subnet } from '@ovnkit/cni-api'
import { type KubeClient, KubeTarget, type Mirror, mirror, observed, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'
import { derive } from './derived.ts'
import { type NodeFacts, nodeFacts } from './facts/node.ts'
import { type PodFacts, podFacts } from './facts/pod.ts'
import { type ProviderFacts, providerFacts } from './facts/provider.ts'
import { type SubnetFacts, subnetFacts } from './facts/subnet.ts'
import { type FloatingSources, startFloatingSources } from './floating/sources.ts'
import { type AdminSources, startAdminSources } from './policy/admin/sources.ts'
import { type DomainSources, startDomainSources } from './policy/domains/facts.ts'
import { type PolicySources, startPolicySources } from './policy/sources.ts'
import { providerResource, subnetFinalizer, subnetResource } from './resources.ts'
import { type ServiceSources, startServiceSources } from './service/sources.ts'

/** What the controller knows of the Kubernetes API: stores that follow it, on the leader and on those that stand by alike. */
export interface Sources
  extends Omit<ServiceSources, 'observed'>,
    FloatingSources,
    PolicySources,
    Omit<AdminSources, 'observed'>,
    Omit<DomainSources, 'observed'> {
  readonly pods: Store<PodFacts>
  readonly nodes: Store<NodeFacts, 'chassis'>
  /** Each node's zone: all that Services need to know of nodes, and what changes least. */
  readonly zones: Store<string>
  readonly subnets: Store<SubnetFacts>
  /** The Subnets as they are, status and all; only what writes them reads this. */
  readonly subnetObjects: Store<Subnet>
  readonly providers: Store<ProviderFacts>
  readonly mirrors: readonly Mirror[]
  /** Writes to what the stores follow. */
  readonly target: KubeTarget
  ready(): Promise<void>
}

export function startSources(options: { client: KubeClient; signal: AbortSignal; logger: Logger }): Sources {
  const pods = new Store<PodFacts>({ name: 'pods', equals: same })
  const nodes = new Store<NodeFacts, 'chassis'>({
    name: 'nodes',
    equals: same,
    indexes: { chassis: node => [node.chassis] },
  })
  const subnets = new Store<SubnetFacts>({ name: 'subnets', equals: same })
  const subnetObjects = new Store<Subnet>({ name: 'Subnet objects', equals: same })
  derive(subnetObjects, subnets, subnetFacts)
  const podMirror = mirror({ ...options, resource: resources.pods, store: pods, trim: podFacts })
  const nodeMirror = mirror({ ...options, resource: resources.nodes, store: nodes, trim: nodeFacts })
  const subnetMirror = mirror({
    ...options,
    resource: subnetResource,
    store: subnetObjects,
    trim: withoutManagedFields,
  })
  const { observed: observedServices, ...services } = startServiceSources(options)
  const { observed: observedFloating, mirrors: floatingMirrors, ...floating } = startFloatingSources(options)
  const providers = new Store<ProviderFacts>({ name: 'provider networks', equals: same })
  const providerMirror = mirror({ ...options, resource: providerResource, store: providers, trim: providerFacts })
  const { mirrors: policyMirrors, ...policySources } = startPolicySources(options)
  const { mirrors: adminMirrors, observed: observedAdmin, ...adminSources } = startAdminSources(options)
  const { mirrors: domainMirrors, observed: observedDomains, ...domainSources } = startDomainSources(options)
  const mirrors = [
    ...domainMirrors,
    ...policyMirrors,
    ...adminMirrors,
    podMirror,
    nodeMirror,
    subnetMirror,
    providerMirror,
    ...services.mirrors,
    ...floatingMirrors,
  ]
  const target = new KubeTarget({
    client: options.client,
    resources: [
      observed({
        resource: resources.pods,
        store: pods,
        observe: ({ objectUid: uid, annotations }) => ({ uid, annotations }),
        version: key => podMirror.version(key),
      }),
      observed({
        resource: resources.nodes,
        store: nodes,
        observe: node => node,
        version: key => nodeMirror.version(key),
      }),
      observed({
        resource: subnetResource,
        store: subnetObjects,
        observe: observeSubnet,
        sweepFinalizer: subnetFinalizer,
        version: key => subnetMirror.version(key),
      }),
      ...observedServices,
      ...observedFloating,
      ...observedAdmin,
      ...observedDomains,
      observed({
        resource: providerResource,
        store: providers,
        observe: ({ uid, status }) => ({ uid, status }),
        version: key => providerMirror.version(key),
      }),
    ],
  })
  return {
    ...services,
    ...floating,
    ...policySources,
    ...adminSources,
    ...domainSources,
    pods,
    nodes,
    zones: zonesOf(nodes),
    subnets,
    subnetObjects,
    providers,
    mirrors,
    target,
    ready: async () => {
      await Promise.all(mirrors.map(one => one.ready()))
    },
  }
}

function zonesOf(nodes: Store<NodeFacts, 'chassis'>): Store<string> {
  const zones = new Store<string>({ name: 'zones' })
  derive(nodes, zones, ({ zone }) => zone)
  return zones
}

function withoutManagedFields(subnet: Subnet): Subnet {
  if (subnet.metadata === undefined || !('managedFields' in subnet.metadata)) return subnet
  const { managedFields: _, ...metadata } = subnet.metadata
  return { ...subnet, metadata }
}

function observeSubnet(subnet: Subnet) {
  const { metadata = {}, status } = subnet
  const { uid = '', annotations, labels, finalizers } = metadata
  return { uid, annotations, labels, finalizers, status: status && { ...status }, object: subnet }
}
