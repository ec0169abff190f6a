import type { IpAddress } from '@ovnkit/inet'

/** What a pod instance got from the allocator: chosen once, then only read. */
export interface Assigned {
  readonly state: 'assigned'
  readonly uid: string
  /** The node that the pod runs on. */
  readonly node: string
  /** Key of the network (`Network.key`). */
  readonly network: string
  readonly addresses: readonly IpAddress[]
}

/** Why a pod instance has no address: it waits for something, or its request cannot be met as it is written. */
export interface Unassigned {
  readonly state: 'waiting' | 'invalid'
  readonly uid: string
  /** One CamelCase word, also the reason of the pod's Event. */
  readonly reason: string
  readonly message: string
}

export type Assignment = Assigned | Unassigned

/** How full a network is, for its Subnet's status. */
export interface Usage {
  /** Addresses of pods, of pods that went and are still bound somewhere, and of foreign ports. */
  readonly used: number
  /** How many more pods fit: the smaller of free addresses and free port keys. */
  readonly available: number
  /** The switch's port keys bound `available`, not the range's size. */
  readonly portsLimit: number | undefined
  /** Some addresses in use that have been excluded since, as `address (holder)`. */
  readonly excludedInUse: readonly string[]
  /** Some addresses that a pod has and a machine as well, a sentence each. */
  readonly conflicts: readonly string[]
  /** Some addresses that machines on the wire were found to have when a pod was to get them, a sentence each. */
  readonly machines: readonly string[]
  /** Something keeps the network from going: a pod, a held address, or on a switch of ours a port of somebody else's. */
  readonly inUse: boolean
}

export function sameUsage(a: Usage, b: Usage): boolean {
  return (
    a.used === b.used &&
    a.inUse === b.inUse &&
    a.available === b.available &&
    a.portsLimit === b.portsLimit &&
    a.conflicts.join() === b.conflicts.join() &&
    a.machines.join() === b.machines.join() &&
    a.excludedInUse.length === b.excludedInUse.length &&
    a.excludedInUse.every((entry, i) => entry === b.excludedInUse[i])
  )
}
