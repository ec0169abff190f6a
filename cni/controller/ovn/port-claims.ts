import type { IpAddress } from '@ovnkit/inet'
import type { SbRow } from '@ovnkit/ovn'
import type { Claims } from '../ipam/claims.ts'
import type { Southbound } from './southbound.ts'

/** Who claims ports, by the Southbound database's bindings. */
export class PortClaims implements Claims {
  readonly #sb: Southbound

  constructor(sb: Southbound) {
    this.#sb = sb
  }

  get known(): boolean {
    return this.#sb.connected
  }

  claimed(port: string, addresses: readonly IpAddress[]): boolean {
    const binding = this.#sb.table('Port_Binding').by('byPort', port)
    if (binding?.chassis === undefined) return false
    const words = wordsOf(binding)
    return addresses.some(address => words.has(address))
  }

  subscribe(listener: (port?: string) => void): Disposable {
    const resources = new DisposableStack()
    resources.use(this.#sb.on('state', () => this.known && listener()))
    resources.use(
      this.#sb.onBatch(batch => {
        const bindings = batch.table('Port_Binding')
        if (bindings === undefined) return
        for (const { row } of bindings.updated) listener(row.logical_port)
        for (const row of bindings.deleted) listener(row.logical_port)
      }),
    )
    return resources
  }

  /** The ports that some chassis claims. */
  *all(): Generator<{ readonly port: string; readonly addresses: readonly string[] }> {
    for (const binding of this.#sb.table('Port_Binding').rows()) {
      if (binding.chassis !== undefined) yield { port: binding.logical_port, addresses: [...wordsOf(binding)] }
    }
  }
}

/** MACs and addresses of a binding, which come as "MAC IP IP". */
function wordsOf(binding: Pick<SbRow<'Port_Binding'>, 'mac'>): Set<string> {
  return new Set([...binding.mac].flatMap(entry => entry.split(' ')))
}
