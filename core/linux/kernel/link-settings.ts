import { LinuxError } from '../errors.ts'
import type { Netlink } from '../netlink.ts'
import type { Netns } from '../netns.ts'
import { readOffloads, setOffloads } from '../offloads.ts'
import { ensureSysctl, readSysctl } from '../sysctl.ts'
import type { KernelLinkSpec } from './desired.ts'

/**
 * Settings of links that the kernel reports no events for: offloads and sysctls. They are read once for every incarnation of a link (some 20 us
 * each), set where they differ, and taken for granted from then on.
 */
export class LinkSettings {
  readonly #netlink: Netlink
  /** What is in place, by the link's index, which is never used twice. */
  readonly #known = new Map<number, string>()

  constructor(netlink: Netlink) {
    this.#netlink = netlink
  }

  /** Whether the link has them. */
  has(index: number, spec: KernelLinkSpec): boolean {
    const wanted = textOf(spec)
    if (wanted === '' || this.#known.get(index) === wanted) return true
    using netns = this.#netlink.netns()
    if (!inPlace(netns, spec)) return false
    this.#known.set(index, wanted)
    return true
  }

  /** Sets them. Throws LinuxError. */
  apply(index: number, spec: KernelLinkSpec): void {
    if (this.has(index, spec)) return
    using netns = this.#netlink.netns()
    if (spec.offloads) setOffloads(spec.name, netns, spec.offloads)
    for (const [path, value] of sysctlsOf(spec)) ensureSysctl(path, value, netns)
    this.#known.set(index, textOf(spec))
  }

  forget(index: number): void {
    this.#known.delete(index)
  }
}

const textOf = ({ offloads, ipv4, ipv6 }: KernelLinkSpec): string =>
  offloads || ipv4 || ipv6 ? JSON.stringify([offloads, ipv4, ipv6]) : ''

function sysctlsOf({ name, ipv4 = {}, ipv6 = {} }: KernelLinkSpec): [path: string, value: string | number][] {
  const below = (family: string, values: Readonly<Record<string, string | number>>) =>
    Object.entries(values).map(([key, value]): [string, string | number] => [
      `net/${family}/conf/${name}/${key}`,
      value,
    ])
  return [...below('ipv4', ipv4), ...below('ipv6', ipv6)]
}

/** False also when they can't be read: setting them then tells why. */
function inPlace(netns: Netns, spec: KernelLinkSpec): boolean {
  try {
    const wanted = Object.entries(spec.offloads ?? {})
    const held: Readonly<Record<string, boolean>> = wanted.length > 0 ? readOffloads(spec.name, netns) : {}
    return (
      wanted.every(([name, value]) => held[name] === value) &&
      sysctlsOf(spec).every(([path, value]) => readSysctl(path, netns) === String(value))
    )
  } catch (error) {
    if (error instanceof LinuxError) return false
    throw error
  }
}
