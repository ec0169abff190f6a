import type { Config } from '@ovnkit/cni-api'
import { portsPerSwitch } from '@ovnkit/ovn'
import { type OperationResult, select } from '@ovnkit/ovsdb'
import { coalesced, type Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'
import type { ChassisWatch } from './chassis.ts'
import type { Southbound } from './southbound.ts'

type TunnelType = Config['tunnel']['type']

/** Which encapsulation the agents may use. */
export interface TunnelVerdict {
  /** undefined: none. */
  readonly type: TunnelType | undefined
  /** Why it is not the configured one, and what to do. */
  readonly problem: string | undefined
}

/** The only key of the store; without a value nothing is decided yet. */
export const theTunnel = 'tunnel'

/** Datapaths that can be told apart once one chassis has a VXLAN encapsulation: 12 bits (ovn-architecture(7), "Tunnel Encapsulations"). */
const datapathsWithVxlan = 4095

export interface TunnelWatchOptions {
  readonly config: Pick<Config, 'ovn' | 'tunnel'>
  readonly sb: Pick<Southbound, 'connected' | 'onBatch' | 'transact'>
  readonly chassis: Pick<ChassisWatch, 'store'>
  readonly logger: Logger
}

/**
 * Decides whether agents may register VXLAN. One chassis with VXLAN makes northd use short keys for the whole deployment: 2,047 ports of a switch, 4,095
 * datapaths. Where longer ones are in use northd does not come to an end, and where OVN is somebody else's it is not ours to do. So the first VXLAN
 * chassis is refused there; geneve is always fine.
 */
export class TunnelWatch implements Disposable {
  readonly store: Store<TunnelVerdict> = new Store<TunnelVerdict>({ name: 'tunnel', equals: same })
  readonly #options: TunnelWatchOptions
  readonly #resources = new DisposableStack()
  /** One question at a time. */
  readonly #ask = coalesced(
    () => this.#lookAtKeys(),
    err => this.#options.logger.warn({ err }, 'could not ask for the keys of ports: VXLAN is not released yet'),
  )

  constructor(options: TunnelWatchOptions) {
    this.#options = options
    this.store.markSynced()
    this.#resources.use(options.chassis.store.subscribe(() => this.#look()))
    // A refusal ends when the keys have become short; an answer that was lost is asked for again.
    this.#resources.use(
      options.sb.onBatch(() => {
        if (this.store.get(theTunnel)?.type !== options.config.tunnel.type) this.#look()
      }),
    )
    this.#look()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #look(): void {
    const verdict = this.#atOnce()
    if (verdict !== undefined) this.#tell(verdict)
    else this.#ask()
  }

  /** What the chassis tell alone. */
  #atOnce(): TunnelVerdict | undefined {
    const { config, chassis } = this.#options
    const { type } = config.tunnel
    const inForce = new Set([...chassis.store.entries()].flatMap(([, facts]) => facts.types))
    if (type !== 'vxlan' || inForce.has('vxlan')) return { type, problem: undefined }
    if (config.ovn.mode !== 'external') return undefined
    const problem =
      'tunnel.type vxlan: no chassis of this OVN has a VXLAN encapsulation, and the first one would make all of it use short keys; ' +
      'set tunnel.type to geneve'
    return { type: undefined, problem }
  }

  /** Looks at the keys in use. */
  async #lookAtKeys(): Promise<void> {
    if (!this.#options.sb.connected) return
    const longest = await this.#longestKeys()
    if (longest !== undefined) this.#tell(this.#atOnce() ?? this.#judge(longest))
  }

  #judge({ port, datapath }: Keys): TunnelVerdict {
    const limit = portsPerSwitch.vxlan
    if (port <= limit && datapath <= datapathsWithVxlan) return { type: 'vxlan', problem: undefined }
    const [what, key, most] = port > limit ? ['port', port, limit] : ['datapath', datapath, datapathsWithVxlan]
    const problem =
      `tunnel.type vxlan: a ${what} has the key ${key}, and with VXLAN the highest is ${most}: tunnels stay geneve; ` +
      'set tunnel.type back to geneve, or bring the keys down: fewer ports on a switch, made anew'
    return { type: 'geneve', problem }
  }

  async #longestKeys(): Promise<Keys | undefined> {
    const tables = ['Port_Binding', 'Datapath_Binding']
    const outcome = await this.#options.sb.transact(tables.map(table => select(table, ['tunnel_key'])))
    if (outcome.status !== 'committed') return undefined
    const [port = 0, datapath = 0] = outcome.results.map(longestOf)
    return { port, datapath }
  }

  #tell(verdict: TunnelVerdict): void {
    if (verdict.problem !== undefined && this.store.get(theTunnel)?.problem !== verdict.problem)
      this.#options.logger.error({ wanted: this.#options.config.tunnel.type }, verdict.problem)
    this.store.set(theTunnel, verdict)
  }
}

function longestOf({ rows = [] }: OperationResult): number {
  return rows.reduce((longest, { tunnel_key: key }) => (typeof key === 'number' && key > longest ? key : longest), 0)
}

interface Keys {
  readonly port: number
  readonly datapath: number
}
