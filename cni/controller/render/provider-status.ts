import { annotationNames, type ProviderNodeStatus, parseProviderStates } from '@ovnkit/cni-api'
import type { KubeDesires, ObjectRef } from '@ovnkit/kube'
import type { Desired, ReadableStore, View } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { ProviderFacts } from '../facts/provider.ts'
import { providerResource } from '../resources.ts'

const statusInterval = 1000
const named = 5

/** What a ProviderNetwork's status says: how each node fares with it, as the agents say on their nodes. */
export function providerStatus(
  world: { readonly providers: ReadableStore<ProviderFacts>; readonly nodes: ReadableStore<NodeFacts> },
  kube: KubeDesires,
  name: string,
  view: View,
): Desired[] {
  const facts = view.get(world.providers, name)
  if (facts === undefined) return []
  const ref: ObjectRef = { resource: providerResource, name, uid: facts.uid }
  const nodes = [...view.keys(world.nodes)].sort().flatMap((node): ProviderNodeStatus[] => {
    const text = view.get(world.nodes, node)?.annotations[annotationNames.node.providerNetworks]
    const state = parseProviderStates(text).get(name)
    return state === undefined ? [] : [{ node, ...state }]
  })
  const failing = nodes.filter(({ ready }) => !ready)
  const status = {
    readyNodes: nodes.length - failing.length,
    notReadyNodes: failing.length,
    nodes,
    conditions: [readyCondition(nodes.length, failing, facts.generation)],
  }
  return [kube.status(ref, status, { minIntervalMs: statusInterval })]
}

function readyCondition(count: number, failing: readonly ProviderNodeStatus[], observedGeneration: number) {
  const texts = failing.slice(0, named).map(({ node, reason }) => `${node}: ${reason}`)
  const more = failing.length > named ? [`and ${failing.length - named} more`] : []
  const ready = failing.length === 0 && count > 0
  return {
    type: 'Ready',
    status: ready ? 'True' : 'False',
    reason: ready ? 'Ready' : count === 0 ? 'NoNodes' : 'NodesNotReady',
    message: ready ? '' : count === 0 ? 'no node has an interface for it' : [...texts, ...more].join(', '),
    observedGeneration,
  }
}
