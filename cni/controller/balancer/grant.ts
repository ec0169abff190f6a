import type { IpAddress } from '@ovnkit/inet'

/** Addresses that a Service of type LoadBalancer has. */
export interface Granted {
  readonly state: 'granted'
  /** Name of the LoadBalancerPool that all of them are of. */
  readonly pool: string
  /** In the order of the Service's families. */
  readonly addresses: readonly IpAddress[]
}

/** Why it has none. `waiting`: for an address to become free; `refused`: as things are written nothing fits. */
export interface Refusal {
  readonly state: 'waiting' | 'refused'
  /** One CamelCase word, also the reason of the Service's Event. */
  readonly reason: string
  readonly message: string
}

export type Grant = Granted | Refusal
