import type { IpAddress } from '@ovnkit/inet'

/** Who still claims a port of ours, as the Southbound database tells. */
export interface Claims {
  /** False while the database cannot be asked: what cannot be known is claimed. */
  readonly known: boolean
  /** Some chassis has bound the port named `port` with one of these addresses. */
  claimed(port: string, addresses: readonly IpAddress[]): boolean
  /** Calls back with the name of a port whose binding changed, or without one when anything may have. */
  subscribe(listener: (port?: string) => void): Disposable
}
