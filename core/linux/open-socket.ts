import { LinuxError } from './errors.ts'
import * as libc from './libc.ts'
import { inNetns, type NetnsRef } from './netns.ts'

const SOCK_CLOEXEC = 0x80000

/** socket(2) inside a network namespace, where the socket then stays. Throws LinuxError and NetnsError. */
export function openSocket(netns: NetnsRef, domain: number, type: number, protocol: number): number {
  return inNetns(netns, () => {
    const fd = libc.socket(domain, type | SOCK_CLOEXEC, protocol)
    // The errno must be read before the way back, which has one of its own.
    if (fd < 0)
      throw new LinuxError(`open a socket (domain ${domain}, type ${type}, protocol ${protocol})`, libc.lastErrno())
    return fd
  })
}
