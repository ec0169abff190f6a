import type { IpAddress } from '@ovnkit/inet'
import type { PodFacts } from '../facts/pod.ts'
import type { Network } from '../subnet/network.ts'
import type { Allocator } from './allocator.ts'
import { holdsAll, podHolder } from './network-book.ts'

/** A port of a pod, as the Northbound database or a binding of the Southbound one has it. */
export interface KnownPort {
  readonly namespace: string
  readonly pod: string
  /** Empty when the source does not tell. */
  readonly uid: string
  readonly name: string
  readonly addresses: readonly IpAddress[]
}

export interface RestoreInput {
  readonly pods: ReadonlyMap<string, PodFacts>
  readonly networks: readonly Network[]
  /** Rows of ours, one a port name. */
  readonly ports: readonly KnownPort[]
  /** Bindings that some chassis claims. */
  readonly claimed: readonly KnownPort[]
  readonly recorded: (pod: PodFacts) => readonly IpAddress[]
}

/**
 * Tells an empty allocator what is in use, at start and when this process becomes the leader. A pod's own record and its port row say the same unless a
 * write got lost; when two pods claim one address, the one whose port row has it keeps it, then the older one. Addresses of ports whose pod is gone are held.
 */
export function restore(allocator: Allocator, input: RestoreInput): void {
  const networkOf = (addresses: readonly IpAddress[]) =>
    input.networks.find(network => addresses.length > 0 && holdsAll(network, addresses))
  const rows = new Map(input.ports.map(port => [`${port.namespace}/${port.pod}`, port]))
  const known = [...input.pods].flatMap(([key, pod]) => {
    if (pod.ended) return []
    const row = rows.get(`${pod.namespace}/${pod.name}`)
    const own = row?.uid === pod.uid ? row.addresses : []
    const addresses = own.length > 0 ? own : input.recorded(pod)
    return addresses.length > 0 ? [{ key, pod, addresses, hasRow: own.length > 0 }] : []
  })
  known.sort((a, b) => Number(b.hasRow) - Number(a.hasRow) || a.pod.created - b.pod.created || (a.key < b.key ? -1 : 1))
  for (const { key, pod, addresses } of known) {
    const network = networkOf(addresses)
    if (network !== undefined) allocator.restore(key, pod, network.key, addresses)
  }
  for (const port of [...input.ports, ...input.claimed]) {
    const key = `${port.namespace}/${port.pod}`
    const network = networkOf(port.addresses)
    if (network === undefined || isHolder(allocator, key, port.addresses)) continue
    allocator.hold({
      holder: podHolder(key, port.uid || port.addresses.join()),
      network: network.key,
      port: port.name,
      addresses: port.addresses,
      node: '',
    })
  }
}

/** Whether the pod under this key has these addresses now. */
function isHolder(allocator: Allocator, key: string, addresses: readonly IpAddress[]): boolean {
  const assignment = allocator.assignments.get(key)
  return assignment?.state === 'assigned' && addresses.every(address => assignment.addresses.includes(address))
}
