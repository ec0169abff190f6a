import type { Config } from '@ovnkit/cni-api'
import type { EventRecorder } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import type { Engine } from '@ovnkit/reconcile'
import type { HostContext } from '../host/context.ts'
import { HealthPorts } from './health-ports.ts'
import { NodeHealth } from './node-health.ts'

export interface HealthOptions {
  readonly config: Config
  readonly context: HostContext
  readonly engine: Engine
  readonly recorder: Pick<EventRecorder, 'event'>
  readonly logger: Logger
}

/** What load balancers ask a node: per Service with policy Local, and for all others together. Nothing where a kube-proxy answers. */
export function serveHealth({ config, context, engine, recorder, logger }: HealthOptions): Disposable {
  const servers = new DisposableStack()
  const { kubeProxyReplacement, healthzBindAddress } = config.service
  if (!kubeProxyReplacement) return servers
  const { services, slices, nodes, node } = context
  const healthy = () => services.synced && slices.synced && engine.status(`services/${node}`)?.state === 'done'
  servers.use(new HealthPorts({ context, healthy, recorder, logger }))
  if (healthzBindAddress !== '') {
    const eligible = () => nodes.get(node)?.eligible ?? false
    servers.use(new NodeHealth({ address: healthzBindAddress, healthy, eligible, logger }))
  }
  return servers
}
