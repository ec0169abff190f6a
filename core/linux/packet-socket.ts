import { closeSync, writeSync } from 'node:fs'
import { LinuxError } from './errors.ts'
import * as libc from './libc.ts'
import type { NetnsRef } from './netns.ts'
import { openSocket } from './open-socket.ts'

const AF_PACKET = 17
const SOCK_RAW = 3
const MSG_DONTWAIT = 0x40
const EINTR = 4
const EAGAIN = 11
const sockaddrSize = 20
/** Longer than any frame of ARP or neighbour discovery; what is longer is cut. */
const longestFrame = 2048

/** Ethernet frames of one kind on one link (packet(7)). Needs CAP_NET_RAW. */
export class PacketSocket implements Disposable {
  readonly #fd: number
  readonly #link: number
  readonly #resources = new DisposableStack()

  /**
   * @param index of the link
   * @param ethertype of the frames that are received; 0: none
   * @throws LinuxError; NetnsError
   */
  constructor(index: number, ethertype: number, netns: NetnsRef = 'host') {
    // Protocol 0: nothing is received of other links before it is bound.
    this.#fd = openSocket(netns, AF_PACKET, SOCK_RAW, 0)
    this.#link = index
    this.#resources.defer(() => closeSync(this.#fd))
    const address = Buffer.alloc(sockaddrSize)
    address.writeUInt16LE(AF_PACKET, 0)
    address.writeUInt16BE(ethertype, 2)
    address.writeInt32LE(index, 4)
    if (libc.bind(this.#fd, address, address.length) === 0) return
    const error = new LinuxError(`bind a packet socket to link ${index}`, libc.lastErrno())
    this[Symbol.dispose]()
    throw error
  }

  /** @throws LinuxError */
  send(frame: Buffer): void {
    try {
      writeSync(this.#fd, frame)
    } catch (error) {
      if (!(error instanceof Error) || !('errno' in error)) throw error
      throw new LinuxError(`send a frame by link ${this.#link}`, -Number(error.errno))
    }
  }

  /**
   * Calls back with every frame that arrives; the buffer is good until the call returns.
   * @param failed called once, when nothing can be received any more
   */
  onFrame(received: (frame: Buffer) => void, failed: (error: LinuxError) => void): Disposable {
    const buffer = Buffer.alloc(longestFrame)
    const poll = libc.pollReadable(this.#fd, () => {
      try {
        for (let length = this.#receive(buffer); length > 0; length = this.#receive(buffer))
          received(buffer.subarray(0, length))
      } catch (error) {
        poll[Symbol.dispose]()
        if (!(error instanceof LinuxError)) throw error
        failed(error)
      }
    })
    return poll
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  /** Length of the next frame; 0 when there is none. */
  #receive(buffer: Buffer): number {
    const sender = Buffer.alloc(sockaddrSize)
    const size = Buffer.alloc(4)
    for (;;) {
      size.writeInt32LE(sender.length)
      const length = libc.recvfrom(this.#fd, buffer, buffer.length, MSG_DONTWAIT, sender, size)
      if (length >= 0) return length
      const errno = libc.lastErrno()
      if (errno === EAGAIN) return 0
      if (errno !== EINTR) throw new LinuxError(`receive a frame of link ${this.#link}`, errno)
    }
  }
}
