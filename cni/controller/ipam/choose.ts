import type { IpAddress, IpRange } from '@ovnkit/inet'
import type { PodFacts } from '../facts/pod.ts'
import type { Assigned, Unassigned } from './assignment.ts'
import type { Taken } from './network-addresses.ts'
import { labelOf, type NetworkBook, podHolder } from './network-book.ts'
import { parseAddressRequest } from './request.ts'
import { type Candidates, selectNetworks } from './select.ts'
import type { Need } from './waiting-room.ts'

/** What a pod's own annotations say. */
export interface PodWishes {
  /** The Subnet that the pod names. */
  readonly subnet: string | undefined
  /** `network.zstack.io/ip-address` as it is written. */
  readonly addresses: string | undefined
  /** Addresses that the pod had before, by its own record; kept where they are free. */
  readonly recorded: readonly IpAddress[]
}

/** No addresses, and what would have to change for another try. */
export interface Refusal extends Unassigned {
  readonly needs: readonly Need[]
}

export interface ChoiceContext {
  readonly candidates: Candidates
  readonly book: (network: string) => NetworkBook | undefined
  /** Addresses that the pod's node takes first. */
  readonly prefer: (node: string, network: string) => IpRange | undefined
}

/** Chooses a network for a pod and takes its addresses there; the first network that has some is the one. */
export function choose(key: string, pod: PodFacts, wishes: PodWishes, context: ChoiceContext): Assigned | Refusal {
  const selection = selectNetworks({ namespace: pod.namespace, subnet: wishes.subnet }, context.candidates)
  if (selection.kind !== 'networks') {
    return {
      state: selection.kind,
      uid: pod.uid,
      reason: selection.reason,
      message: selection.message,
      needs: [{ kind: 'subnets' }],
    }
  }
  const request = parseAddressRequest(wishes.addresses)
  if ('problem' in request) {
    return {
      state: 'invalid',
      uid: pod.uid,
      reason: 'InvalidAddress',
      message: `annotation network.zstack.io/ip-address: ${request.problem}`,
      needs: [],
    }
  }
  let refusal: Refusal | undefined
  for (const network of selection.networks) {
    const book = context.book(network)
    if (book === undefined) continue
    const outcome = takeIn(book, key, pod, wishes, request.addresses, context.prefer(pod.node, network))
    if (outcome.state === 'assigned') return outcome
    refusal ??= outcome
  }
  return (
    refusal ?? {
      state: 'waiting',
      uid: pod.uid,
      reason: 'SubnetNotReady',
      message: 'the network of the pod’s Subnet is not set up yet',
      needs: [{ kind: 'subnets' }],
    }
  )
}

function takeIn(
  book: NetworkBook,
  key: string,
  pod: PodFacts,
  wishes: PodWishes,
  requested: readonly IpAddress[],
  prefer: IpRange | undefined,
): Assigned | Refusal {
  if (book.portKeysExhausted) return tooManyPorts(book, pod)
  const holder = podHolder(key, pod.uid)
  if (
    requested.length === 0 &&
    wishes.recorded.length > 0 &&
    wishes.recorded.every(address => book.contains(address))
  ) {
    const again = book.take(holder, wishes.recorded)
    if (again.kind === 'ok') return assigned(book, pod, again.addresses)
  }
  const taken = book.take(holder, requested, prefer)
  return taken.kind === 'ok' ? assigned(book, pod, taken.addresses) : refuse(book, pod, taken)
}

function assigned(book: NetworkBook, pod: PodFacts, addresses: readonly IpAddress[]): Assigned {
  return { state: 'assigned', uid: pod.uid, node: pod.node, network: book.key, addresses }
}

function tooManyPorts(book: NetworkBook, pod: PodFacts): Refusal {
  return {
    state: 'waiting',
    uid: pod.uid,
    reason: 'TooManyPorts',
    message:
      `the switch of network ${book.key} has its ${book.usage.portsLimit} ports, all that the tunnel type allows: ` +
      'use tunnel.type geneve, or another Subnet',
    needs: [{ kind: 'network', key: book.key }],
  }
}

function refuse(book: NetworkBook, pod: PodFacts, taken: Exclude<Taken, { kind: 'ok' }>): Refusal {
  const waiting = (reason: string, message: string, need: Need): Refusal => ({
    state: 'waiting',
    uid: pod.uid,
    reason,
    message,
    needs: [need],
  })
  switch (taken.kind) {
    case 'exhausted':
      return waiting(
        'AddressesExhausted',
        `network ${book.key} has no free IPv${taken.family} address; the pod gets the next one that becomes free`,
        { kind: 'network', key: book.key },
      )
    case 'busy':
      return waiting(
        'AddressInUse',
        `address ${taken.address} is in use by ${labelOf(taken.holder ?? 'another pod')}; the pod gets it when it becomes free`,
        { kind: 'address', key: taken.address },
      )
    case 'excluded':
    case 'outside':
      return {
        state: 'invalid',
        uid: pod.uid,
        reason: 'InvalidAddress',
        message: `annotation network.zstack.io/ip-address: ${taken.address} is ${taken.kind === 'excluded' ? 'excluded from' : 'outside'} network ${book.key}`,
        needs: [],
      }
  }
}
