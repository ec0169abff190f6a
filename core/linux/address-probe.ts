import { type IpAddress, ipFamily, type Mac } from '@ovnkit/inet'
import { ETH_ARP, ETH_IPV6 } from './codec/neighbour-frames.ts'
import { type AddressClaim, probeFrame, readClaim } from './codec/probe.ts'
import type { NetnsRef } from './netns.ts'
import { PacketSocket } from './packet-socket.ts'

/** How often and how long is asked, in milliseconds. */
interface ProbeTimes {
  readonly probes: number
  readonly interval: number
  /** After the last one. */
  readonly wait: number
}

/**
 * RFC 5227 asks three times, one to two seconds apart, and waits two more: for machines that move between networks. Behind a switch that is long up an answer takes
 * a millisecond; three times are asked because a frame may be lost.
 */
const probeTimes: ProbeTimes = { probes: 3, interval: 100, wait: 150 }

interface ProbeRequest {
  /** Index and MAC of the link that is asked by. */
  readonly index: number
  readonly mac: Mac
  readonly address: IpAddress
  /** The MAC that is to have the address: who answers with it is no other. */
  readonly own: Mac
  readonly netns?: NetnsRef
  readonly times?: ProbeTimes
  readonly signal: AbortSignal
}

/**
 * Asks on a link whether somebody has an address: RFC 5227 for IPv4, RFC 4862 (5.4) for IPv6. Takes as long as all probes together where nobody has it.
 * @returns the MAC of who has it
 * @throws LinuxError where the link is gone or down; the signal's reason
 */
export async function probeAddress(request: ProbeRequest): Promise<Mac | undefined> {
  const { index, mac, address, own, netns = 'host', times = probeTimes, signal } = request
  signal.throwIfAborted()
  using socket = new PacketSocket({ link: index, ethertype: ipFamily(address) === 4 ? ETH_ARP : ETH_IPV6, netns })
  const { promise, resolve, reject } = Promise.withResolvers<Mac | undefined>()
  const isOther = (claim: AddressClaim | undefined) => claim?.address === address && claim.mac !== own
  using _ = socket.onFrame(frame => {
    const claim = readClaim(frame)
    if (isOther(claim)) resolve(claim?.mac)
  }, reject)
  const ask = () => {
    try {
      socket.send(probeFrame(address, mac))
    } catch (error) {
      reject(error)
    }
  }
  ask()
  const timers = Array.from({ length: times.probes - 1 }, (_, i) => setTimeout(ask, (i + 1) * times.interval))
  timers.push(setTimeout(() => resolve(undefined), (times.probes - 1) * times.interval + times.wait))
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await promise
  } finally {
    for (const timer of timers) clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
