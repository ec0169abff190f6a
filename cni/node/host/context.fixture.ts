import { type Config, readConfig } from '@ovnkit/cni-api'
import { type ServiceFacts, type SliceFacts, sliceIndexes } from '@ovnkit/cni-service'
import type { Cidr, IpAddress } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { createHostStore } from '../facts/host.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { PodFacts } from '../facts/pod.ts'
import { createSwitchStore } from '../facts/switch.ts'
import { createRulesetStore } from '../forwarding/watch.ts'
import { createGatewayStore } from '../gateway/store.ts'
import { createConflictStore } from '../provider/conflicts.ts'
import { createProviderStore, createStateStore } from '../provider/facts.ts'
import { createWireStore } from '../provider/wires.ts'
import { publishedPods } from '../services/host-ports.ts'
import type { HostContext } from './context.ts'

/** What renders of node n1 read; nothing is known yet. */
export function hostContext(pods: Store<PodFacts>, config: Config = readConfig({ env: {} })): HostContext {
  return {
    config,
    node: 'n1',
    nodes: new Store<NodeFacts>({ name: 'nodes' }),
    subnets: new Store({ name: 'subnets' }),
    links: createHostStore(),
    switches: createSwitchStore(),
    ruleset: createRulesetStore(),
    kubeProxy: new Store<string>({ name: 'kube-proxy' }),
    gateway: createGatewayStore(),
    hugepagesMB: 0,
    services: new Store<ServiceFacts>({ name: 'services' }),
    slices: new Store<SliceFacts, 'service'>({ name: 'slices', indexes: sliceIndexes }),
    neighbours: new Store<readonly IpAddress[]>({ name: 'neighbours' }),
    serviceCIDRs: new Store<readonly Cidr[]>({ name: 'service CIDRs' }),
    published: publishedPods(pods),
    providers: createProviderStore(),
    providerStates: createStateStore(),
    wires: createWireStore(),
    conflicts: createConflictStore(),
  }
}
