import { providerNetworks, type Subnet, subnets as subnetResource } from '@ovnkit/cni-api'
import { type KubeClient, type Mirror, mirror, type Node, type Pod, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'
import { type NodeFacts, nodeFacts } from './facts/node.ts'
import { type PodFacts, podFacts } from './facts/pod.ts'
import { type SubnetFacts, sameSubnet, subnetFacts } from './facts/subnet.ts'
import { type FloatingSources, followFloating } from './floating/sources.ts'
import { createProviderStore, type ProviderFacts, providerFacts } from './provider/facts.ts'
import { followServices, type ServiceSources } from './services/sources.ts'

/** What the agent follows of the API: the pods of its node, its node, all Subnets, and Services as far as hosts are concerned. */
export interface ClusterSources extends ServiceSources {
  readonly pods: Store<PodFacts>
  readonly nodes: Store<NodeFacts>
  readonly subnets: Store<SubnetFacts>
  readonly podMirror: Mirror
  readonly nodeMirror: Mirror
  readonly subnetMirror: Mirror
  readonly providers: Store<ProviderFacts>
  /** What may put an address onto this node. */
  readonly floating: FloatingSources
}

export interface SourceOptions {
  readonly client: KubeClient
  readonly node: string
  /** Whether Services are ours; without it none is followed. */
  readonly services: boolean
  readonly signal: AbortSignal
  readonly logger: Logger
}

export function followCluster({ client, node, services, signal, logger }: SourceOptions): ClusterSources {
  const pods = new Store<PodFacts>({ name: 'pods' })
  // Nodes report their health every few seconds: only what is kept counts as a change.
  const nodes = new Store<NodeFacts>({ name: 'nodes', equals: same })
  const subnets = new Store<SubnetFacts>({ name: 'subnets', equals: sameSubnet })
  const common = { client, signal, logger }
  const followed = followServices(common, services)
  return {
    ...followed,
    floating: followFloating({ ...common, services: services ? followed.services : undefined }),
    pods,
    nodes,
    subnets,
    podMirror: mirror<Pod, PodFacts>({
      ...common,
      resource: resources.pods,
      store: pods,
      trim: podFacts,
      fieldSelector: `spec.nodeName=${node}`,
    }),
    nodeMirror: mirror<Node, NodeFacts>({
      ...common,
      resource: resources.nodes,
      store: nodes,
      trim: nodeFacts,
      fieldSelector: `metadata.name=${node}`,
    }),
    providers: followProviders(common),
    subnetMirror: mirror<Subnet, SubnetFacts>({
      ...common,
      resource: subnetResource,
      store: subnets,
      trim: subnetFacts,
    }),
  }
}

/** An API without the definition (an older installation) keeps pods from nothing. */
function followProviders(common: Pick<SourceOptions, 'client' | 'signal' | 'logger'>): Store<ProviderFacts> {
  const store = createProviderStore()
  mirror({ ...common, resource: providerNetworks, store, trim: providerFacts })
  return store
}
