import { closeSync, writeSync } from 'node:fs'
import { LinuxError } from './errors.ts'
import * as libc from './libc.ts'
import type { NetnsRef } from './netns.ts'
import { openSocket } from './open-socket.ts'

const AF_PACKET = 17
const SOCK_RAW = 3
const sockaddrSize = 20

/**
 * Sends Ethernet frames as they are by one link (packet(7)). Needs CAP_NET_RAW.
 *
 * @param index of the link
 * @throws LinuxError; NetnsError
 */
export function sendFrames(index: number, frames: readonly Buffer[], netns: NetnsRef = 'host'): void {
  // Protocol 0: nothing is ever received by it.
  const fd = openSocket(netns, AF_PACKET, SOCK_RAW, 0)
  try {
    const address = Buffer.alloc(sockaddrSize)
    address.writeUInt16LE(AF_PACKET, 0)
    address.writeInt32LE(index, 4)
    if (libc.bind(fd, address, address.length) !== 0)
      throw new LinuxError(`bind a packet socket to link ${index}`, libc.lastErrno())
    for (const frame of frames) writeSync(fd, frame)
  } catch (error) {
    if (error instanceof LinuxError || !(error instanceof Error) || !('errno' in error)) throw error
    throw new LinuxError(`send a frame by link ${index}`, -Number(error.errno))
  } finally {
    closeSync(fd)
  }
}
