import type { Match } from '../match/match.ts'
import type { OvnRow, Parent } from './row.ts'

export interface RateLimitSpec {
  readonly key: string
  /** The switch whose ports it is for, with its column `qos_rules`. */
  readonly on: Parent
  /** `to-lport`: what is delivered to a port; `from-lport`: what a port sends. */
  readonly direction: 'to-lport' | 'from-lport'
  /** 0 to 32,767; the highest that matches wins. */
  readonly priority: number
  readonly match: Match
  /** Bits per second. */
  readonly rate: bigint
}

/** Largest number of a rate and a burst, in kilobits (ovn-nb(5), QoS). */
const most = 4_294_967_295

/**
 * TCP slows down by the losses that a limit makes: with less burst than this share of a second it never reaches its rate (measured with 10 Mbit/s: 0.1 s gives 5,
 * 0.4 s gives 9.8).
 */
const burstSeconds = 0.4
/** Kilobits: the kernel's datapath counts segments of up to 64 KiB as one packet, which must fit at any rate. */
const leastBurst = 1000

/**
 * A limit as a meter of every chassis that needs it, in the kernel's and in the userspace datapath (ovn-nb(5), QoS `bandwidth`): what is above it is dropped.
 * @returns undefined for a rate that is more than a meter can count, some 4 Tbit/s: no limit
 */
export function rateLimit({ key, on, direction, priority, match, rate }: RateLimitSpec): OvnRow | undefined {
  const kilobits = Math.max(1, Math.floor(Number(rate) / 1000))
  if (kilobits > most) return undefined
  const burst = Math.min(most, Math.max(leastBurst, Math.ceil(kilobits * burstSeconds)))
  const bandwidth = { rate: kilobits, burst }
  return { table: 'QoS', key, parent: on, columns: { direction, priority, match: match.text, bandwidth } }
}
