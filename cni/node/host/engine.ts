import { externalIds, managedBy } from '@ovnkit/cni-api'
import { type KubeClient, KubeTarget, type Mirror, observed, resources } from '@ovnkit/kube'
import { KernelTarget, NftTarget } from '@ovnkit/linux'
import type { Logger } from '@ovnkit/process'
import { databaseReplica, Engine, OvsdbTarget, type Store } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import type { LocalDatabase } from '../facts/switch.ts'
import { type FloatingWorld, floatingKinds } from '../floating/kinds.ts'
import { renderForwarding } from '../forwarding/render.ts'
import { renderGateway } from '../gateway/render.ts'
import { renderPodRoutes, renderUnderlayMasquerade } from '../provider/pods.ts'
import { renderProvider } from '../provider/render.ts'
import { providerOwner } from '../provider/states.ts'
import { serviceKinds } from '../services/kinds.ts'
import { renderKubeProxy } from '../services/kube-proxy.ts'
import { renderChassis } from './chassis.ts'
import type { HostContext } from './context.ts'
import { renderManagement } from './management.ts'
import { renderMasquerade } from './masquerade.ts'
import { targets } from './objects.ts'
import { hostTable, renderHostTable } from './table.ts'

export interface HostEngineOptions {
  readonly context: HostContext
  readonly pods: Store<PodFacts>
  readonly database: LocalDatabase
  readonly client: KubeClient
  readonly nodeMirror: Mirror
  readonly floating: FloatingWorld
  readonly logger: Logger
  /** Takes what is open as long as the engine is used. */
  readonly stack: AsyncDisposableStack
}

/** Owners of the node's set-up, as `status` and logs name them. */
export const hostOwners = {
  chassis: 'chassis',
  management: 'management',
  table: 'host-table',
  masquerade: 'masquerade',
  forwarding: 'forwarding',
  gateway: 'gateway',
  services: 'services',
} as const

/** What keeps the host as it should be: the switch's database, kernel, nftables, and annotations of the Node. */
export async function createHostEngine(options: HostEngineOptions): Promise<Engine> {
  const { context, pods, database, floating, logger, stack } = options
  const ofNode = [context.node]
  const onError = (err: unknown) => logger.error({ err }, 'could not read the state of the kernel')
  return new Engine({
    owners: [
      { kind: hostOwners.chassis, keys: ofNode, render: (_, view) => renderChassis(context, view) },
      { kind: hostOwners.management, keys: ofNode, render: (_, view) => renderManagement(context, view), order: 1 },
      { kind: hostOwners.table, keys: ofNode, render: (_, view) => renderHostTable(context, view), order: 2 },
      { kind: hostOwners.masquerade, keys: ofNode, render: (_, view) => renderMasquerade(context, view), order: 3 },
      { kind: hostOwners.forwarding, keys: ofNode, render: (_, view) => renderForwarding(context, view), order: 4 },
      { kind: providerOwner, keys: context.providers, render: (name, view) => renderProvider(context, name, view) },
      { kind: 'pod-route', keys: pods, render: (pod, view) => renderPodRoutes(context, pods, pod, view), order: 2 },
      { kind: 'underlay', keys: ofNode, render: (_, view) => renderUnderlayMasquerade(context, view), order: 2 },
      { kind: 'kube-proxy', keys: ofNode, render: (_, view) => renderKubeProxy(context, view), order: 4 },
      { kind: hostOwners.gateway, keys: ofNode, render: (_, view) => renderGateway(context, view), order: 4 },
      ...serviceKinds(context),
      ...floatingKinds(context, floating),
    ],
    targets: [
      new OvsdbTarget({
        name: targets.ovs,
        replica: databaseReplica(database, ['Open_vSwitch', 'Bridge', 'Port', 'Interface']),
        ownership: { mark: [externalIds.managedBy, managedBy], owner: externalIds.owner },
      }),
      stack.use(await KernelTarget.open({ onError })),
      stack.use(await NftTarget.open({ tables: [hostTable], onError: err => logger.error({ err }, 'nftables') })),
      nodeTarget(options),
    ],
    sources: [
      ...[context.nodes, context.subnets, context.links, context.switches, context.ruleset, context.gateway],
      ...[context.services, context.slices, context.serviceCIDRs, context.published, context.kubeProxy],
      ...[context.providers, pods],
      ...[floating.held, floating.ways, floating.sources],
    ],
    logger,
  })
}

function nodeTarget({ context, client, nodeMirror }: HostEngineOptions): KubeTarget {
  const nodes = observed({
    resource: resources.nodes,
    store: context.nodes,
    observe: ({ uid, annotations }) => ({ uid, annotations }),
    version: key => nodeMirror.version(key),
  })
  return new KubeTarget({ name: targets.kubernetes, client, resources: [nodes], fieldManager: 'zstack-ovnkube-node' })
}
