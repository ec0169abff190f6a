import { type EventRecorder, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import type { Engine, Store } from '@ovnkit/reconcile'
import type { NodeFacts } from './facts/node.ts'

export interface ReportOptions {
  readonly engine: Engine
  readonly nodes: Store<NodeFacts>
  readonly node: string
  readonly recorder: EventRecorder
  readonly logger: Logger
}

/** Says what a person has to mend: as an Event of the Node, and in the log. */
export function reportMistakes({ engine, nodes, node, recorder, logger }: ReportOptions): Disposable {
  return engine.statusStore.subscribe((owner, status, old) => {
    if (status === undefined || (status.reason === old?.reason && status.message === old.message)) return
    if (status.state === 'wait') logger.info({ owner, reason: status.reason }, status.message)
    if (status.state !== 'invalid') return
    logger.error({ owner, reason: status.reason }, status.message)
    const uid = nodes.get(node)?.uid
    const subject = { resource: resources.nodes, name: node, ...(uid !== undefined && { uid }) }
    recorder.event(subject, { type: 'Warning', reason: status.reason, message: status.message })
  })
}
