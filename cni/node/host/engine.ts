import { externalIds, managedBy } from '@ovnkit/cni-api'
import { type KubeClient, KubeTarget, type Mirror, observed, resources } from '@ovnkit/kube'
import { KernelTarget, NftTarget } from '@ovnkit/linux'
import type { Logger } from '@ovnkit/process'
import { databaseReplica, Engine, OvsdbTarget, type Store } from '@ovnkit/reconcile'
import type { Names } from '../domains/names.ts'
import { namesKind } from '../domains/render.ts'
import type { PodFacts } from '../facts/pod.ts'
import type { LocalDatabase } from '../facts/switch.ts'
import type { FloatingWorld } from '../floating/kinds.ts'
import type { HostContext } from './context.ts'
import { hostKinds } from './kinds.ts'
import { targets } from './objects.ts'
import { hostTable } from './table.ts'

export interface HostEngineOptions {
  readonly context: HostContext
  readonly pods: Store<PodFacts>
  readonly database: LocalDatabase
  readonly client: KubeClient
  readonly nodeMirror: Mirror
  readonly floating: FloatingWorld
  readonly names: Pick<Names, 'world' | 'target'>
  readonly logger: Logger
  /** Takes what is open as long as the engine is used. */
  readonly stack: AsyncDisposableStack
}

/** What keeps the host as it should be: the switch's database, kernel, nftables, and annotations of the Node. */
export async function createHostEngine(options: HostEngineOptions): Promise<Engine> {
  const { context, pods, database, floating, names, logger, stack } = options
  const onError = (err: unknown) => logger.error({ err }, 'could not read the state of the kernel')
  return new Engine({
    owners: [...hostKinds(context, pods, floating), namesKind(names.world)],
    targets: [
      new OvsdbTarget({
        name: targets.ovs,
        replica: databaseReplica(database, ['Open_vSwitch', 'Bridge', 'Port', 'Interface']),
        ownership: { mark: [externalIds.managedBy, managedBy], owner: externalIds.owner },
      }),
      stack.use(await KernelTarget.open({ onError })),
      stack.use(await NftTarget.open({ tables: [hostTable], onError: err => logger.error({ err }, 'nftables') })),
      nodeTarget(options),
      names.target,
    ],
    sources: [
      ...[context.nodes, context.subnets, context.links, context.switches, context.ruleset, context.gateway],
      ...[context.services, context.slices, context.serviceCIDRs, context.neighbours],
      ...[context.published, context.kubeProxy],
      ...[context.providers, context.conflicts, pods],
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
