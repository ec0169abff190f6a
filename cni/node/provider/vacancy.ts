import type { PodNetwork } from '@ovnkit/cni-api'
import type { IpAddress, Mac } from '@ovnkit/inet'
import { type Netlink, probeAddress } from '@ovnkit/linux'
import type { OwnerStatus, ReadableStore } from '@ovnkit/reconcile'
import type { HostContext } from '../host/context.ts'
import { tryAgain } from '../server/cni-error.ts'
import { whenFound } from '../when.ts'
import { wireKey, wireOwner } from './wires.ts'

export interface VacancyOptions {
  readonly context: HostContext
  readonly netlink: Netlink
  /** How the node's owners fare. */
  readonly outcomes: () => ReadableStore<OwnerStatus> | undefined
}

/** Somebody else who has an address. */
export interface Occupant {
  readonly address: IpAddress
  readonly mac: Mac
}

/**
 * Asks on the wire of a Subnet whether somebody has one of a pod's addresses, before the pod has a port: with the port, ovn-controller announces the address to the
 * wire at once (gratuitous ARP), and draws away what is meant for who has it. Subnets without a wire have nobody to ask.
 * @throws CniError 11 when the signal aborts before the wire can be asked
 */
export async function findOccupant(
  { context, netlink, outcomes }: VacancyOptions,
  subnet: string | undefined,
  { addresses, mac: own }: PodNetwork,
  signal: AbortSignal,
): Promise<Occupant | undefined> {
  const key = wireKey(context, subnet)
  if (key === undefined) return undefined
  const statuses = outcomes()
  if (statuses === undefined) throw tryAgain('the agent is still starting')
  const owner = `${wireOwner}/${key}`
  const { link: name } = await whenFound(
    () => (statuses.get(owner)?.state === 'done' ? context.wires.get(key) : undefined),
    {
      followed: [statuses, context.wires],
      signal,
      late: () => tryAgain(`nobody can be asked yet on the network of Subnet ${subnet}`, statuses.get(owner)?.message),
    },
  )
  const link = await netlink.linkByName(name)
  if (link?.mac === undefined)
    throw tryAgain(`interface ${name}, which asks on the network of Subnet ${subnet}, is gone`)
  const { index, mac } = link
  const found = await Promise.all(
    addresses.map(async ({ ip: address }) => {
      const other = await probeAddress({ index, mac, address, own, signal })
      return other && { address, mac: other }
    }),
  )
  return found.find(one => one !== undefined)
}
