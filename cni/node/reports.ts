import { type EventRecorder, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import type { Engine, Store } from '@ovnkit/reconcile'
import type { NodeFacts } from './facts/node.ts'
import type { SouthboundProblem } from './southbound/southbound.ts'

export interface ReportOptions {
  readonly engine: Engine
  readonly nodes: Store<NodeFacts>
  readonly node: string
  readonly recorder: EventRecorder
  readonly logger: Logger
}

type Reporter = Omit<ReportOptions, 'engine'>

/** Says what a person has to mend: as an Event of the Node, and in the log. */
export function reportMistakes({ engine, ...reporter }: ReportOptions): Disposable {
  const { logger } = reporter
  return engine.statusStore.subscribe((owner, status, old) => {
    if (status === undefined || (status.reason === old?.reason && status.message === old.message)) return
    if (status.state === 'wait') logger.info({ owner, reason: status.reason }, status.message)
    if (status.state === 'invalid') report(reporter, status, { owner })
  })
}

/** The same of the way to the Southbound database. */
export function reportSouthbound(reporter: Reporter, problem: SouthboundProblem | undefined): void {
  if (problem === undefined)
    reporter.logger.info({}, 'nothing is wrong any more with the way to the Southbound database')
  else if (problem.told) report(reporter, problem, {})
  else reporter.logger.info({ reason: problem.reason }, problem.message)
}

interface Mistake {
  readonly reason: string
  readonly message: string
}

function report({ nodes, node, recorder, logger }: Reporter, { reason, message }: Mistake, bindings: object): void {
  logger.error({ ...bindings, reason }, message)
  const uid = nodes.get(node)?.uid
  const subject = { resource: resources.nodes, name: node, ...(uid !== undefined && { uid }) }
  recorder.event(subject, { type: 'Warning', reason, message })
}
