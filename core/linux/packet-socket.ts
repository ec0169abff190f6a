import { closeSync, writeSync } from 'node:fs'
import { LinuxError } from './errors.ts'
import * as libc from './libc.ts'
import type { NetnsRef } from './netns.ts'
import { openSocket } from './open-socket.ts'
import { attachFilter } from './packet-filter.ts'

const AF_PACKET = 17
const SOCK_RAW = 3
const MSG_DONTWAIT = 0x40
const EINTR = 4
const EAGAIN = 11
const sockaddrSize = 20
/** Frames in one turn of the event loop; what is left is read in the next. */
const framesAtOnce = 64

/** All sockets read into this one buffer: what is in it is handled before anything else runs. As long as a segment that the kernel has not cut yet. */
const receiveBuffer = Buffer.alloc(65_536 + 64)

/** Every kind of frame, those that the host sends included: only sockets for all see them (ETH_P_ALL). */
export const everyEthertype = 3

export interface PacketSocketOptions {
  /** Index of the link. */
  readonly link: number
  /** Of the frames that are received, or `everyEthertype`; without it none is. */
  readonly ethertype?: number
  /** What is received of them, as of `assembleFilter`; without it all. */
  readonly filter?: Buffer
  readonly netns?: NetnsRef
}

/** Ethernet frames on one link (packet(7)). Needs CAP_NET_RAW. */
export class PacketSocket implements Disposable {
  readonly #fd: number
  readonly #link: number
  readonly #resources = new DisposableStack()

  /** @throws LinuxError; NetnsError */
  constructor({ link, ethertype = 0, filter, netns = 'host' }: PacketSocketOptions) {
    // Protocol 0: nothing is received before filter and link are set.
    this.#fd = openSocket(netns, AF_PACKET, SOCK_RAW, 0)
    this.#link = link
    this.#resources.defer(() => closeSync(this.#fd))
    try {
      if (filter !== undefined) attachFilter(this.#fd, filter)
      this.#bind(ethertype)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
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
    let stopped = false
    const poll = libc.pollReadable(this.#fd, () => {
      try {
        for (let i = 0; i < framesAtOnce && !stopped; i++) {
          const length = this.#receive()
          if (length === 0) return
          received(receiveBuffer.subarray(0, length))
        }
      } catch (error) {
        stop[Symbol.dispose]()
        if (!(error instanceof LinuxError)) throw error
        failed(error)
      }
    })
    const stop = {
      [Symbol.dispose]() {
        if (!stopped) poll[Symbol.dispose]()
        stopped = true
      },
    }
    return stop
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #bind(ethertype: number): void {
    const address = Buffer.alloc(sockaddrSize)
    address.writeUInt16LE(AF_PACKET, 0)
    address.writeUInt16BE(ethertype, 2)
    address.writeInt32LE(this.#link, 4)
    if (libc.bind(this.#fd, address, address.length) !== 0)
      throw new LinuxError(`bind a packet socket to link ${this.#link}`, libc.lastErrno())
  }

  /** Length of the next frame; 0 when there is none. */
  #receive(): number {
    for (;;) {
      size.writeInt32LE(sender.length)
      const length = libc.recvfrom(this.#fd, receiveBuffer, receiveBuffer.length, MSG_DONTWAIT, sender, size)
      if (length >= 0) return length
      const errno = libc.lastErrno()
      if (errno === EAGAIN) return 0
      if (errno !== EINTR) throw new LinuxError(`receive a frame of link ${this.#link}`, errno)
    }
  }
}

const sender = Buffer.alloc(sockaddrSize)
const size = Buffer.alloc(4)
