import { type Operation, remove } from '@ovnkit/ovsdb'
import type { Logger } from '@ovnkit/process'
import type { ReadableStore } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { ChassisFacts } from './chassis.ts'
import type { Identity } from './identity.ts'
import type { Southbound } from './southbound.ts'

export interface JanitorOptions {
  readonly sb: Southbound
  readonly identity: Identity
  readonly chassis: ReadableStore<ChassisFacts>
  readonly nodes: ReadableStore<NodeFacts, 'chassis'>
  readonly logger: Logger
  /** Runs a function later; for tests with a clock of their own. */
  readonly later?: (run: () => void, milliseconds: number) => Disposable
}

/** The chassis has our mark, in a shared OVN that of our cluster. */
export const isOwnChassis = ({ node, cluster }: ChassisFacts, identity: Identity): boolean =>
  node !== undefined && cluster === identity.cluster

/** What takes a chassis away, its tunnels with it. */
export function chassisRemoval(sb: Southbound, name: string, { uuid }: ChassisFacts): Operation[] {
  const companion = sb.table('Chassis_Private').by('byName', name)
  return [remove('Chassis', uuid), ...(companion === undefined ? [] : [remove('Chassis_Private', companion._uuid)])]
}

const firstPause = 1000
const longestPause = 300_000

/**
 * Removes the chassis of nodes that are gone, their tunnels with them: left behind they keep a tunnel from every other node, and their address from whoever
 * has it next. Only chassis with our mark are touched, in a shared OVN those of this cluster. An ovn-controller that still runs on such a machine makes its chassis anew; it is removed again after
 * pauses that grow to five minutes, until the machine is off.
 */
export class ChassisJanitor implements Disposable {
  readonly #options: JanitorOptions
  readonly #resources = new DisposableStack()
  /** How often a chassis was removed whose node is gone, and what runs next. */
  readonly #departed = new Map<string, { count: number; timer: Disposable | undefined }>()

  constructor(options: JanitorOptions) {
    this.#options = options
  }

  start(): void {
    const { chassis, nodes, sb } = this.#options
    this.#resources.use(chassis.subscribe(name => this.#look(name)))
    this.#resources.use(
      nodes.subscribe((_, node, old) => {
        for (const name of new Set([node?.chassis, old?.chassis])) if (name !== undefined) this.#look(name)
      }),
    )
    this.#resources.use(sb.on('state', () => sb.connected && this.#lookAtAll()))
    this.#resources.use(nodes.onSynced(() => this.#lookAtAll()))
    this.#lookAtAll()
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#departed.values()) timer?.[Symbol.dispose]()
    this.#resources.dispose()
  }

  #lookAtAll(): void {
    for (const name of this.#options.chassis.keys()) this.#look(name)
  }

  #look(name: string): void {
    const { chassis, nodes, identity } = this.#options
    const facts = chassis.get(name)
    if (!nodes.synced) return
    if ([...nodes.by('chassis', name)].length > 0) {
      this.#forget(name)
      return
    }
    if (facts === undefined || (!isOwnChassis(facts, identity) && !this.#departed.has(name))) return
    const record = this.#departed.get(name) ?? { count: 0, timer: undefined }
    this.#departed.set(name, record)
    if (record.timer !== undefined) return
    const pause = record.count === 0 ? 0 : Math.min(longestPause, firstPause * 2 ** record.count)
    record.timer = (this.#options.later ?? later)(() => {
      record.timer = undefined
      void this.#remove(name, record)
    }, pause)
  }

  async #remove(name: string, record: { count: number }): Promise<void> {
    const { sb, chassis, nodes, logger } = this.#options
    const facts = chassis.get(name)
    if (facts === undefined || [...nodes.by('chassis', name)].length > 0 || !sb.connected) return
    record.count++
    const outcome = await sb.transact(chassisRemoval(sb, name, facts))
    if (outcome.status === 'committed')
      logger.info({ chassis: name, node: facts.node }, 'removed the chassis of a node that is gone')
    else
      logger.warn(
        { chassis: name, outcome: outcome.status },
        'could not remove the chassis of a node that is gone; it is tried again',
      )
    this.#look(name)
  }

  #forget(name: string): void {
    this.#departed.get(name)?.timer?.[Symbol.dispose]()
    this.#departed.delete(name)
  }
}

function later(run: () => void, milliseconds: number): Disposable {
  const timer = setTimeout(run, milliseconds).unref()
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}
