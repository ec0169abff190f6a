import { closeSync, write } from 'node:fs'
import { LinuxError } from './errors.ts'
import * as libc from './libc.ts'
import { type Netns, type NetnsRef, namespaceOf } from './netns.ts'
import { openSocket } from './open-socket.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVBUFFORCE = 33
const SOL_NETLINK = 270
const NETLINK_ADD_MEMBERSHIP = 1
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const NETLINK_GET_STRICT_CHK = 12
const MSG_TRUNC = 0x20
const MSG_DONTWAIT = 0x40
const SIOCGSKNS = 0x894c
const EINTR = 4
const EAGAIN = 11
const ENOBUFS = 105

export const netlinkProtocols = { route: 0, netfilter: 12 } as const
export type NetlinkProtocol = keyof typeof netlinkProtocols

/**
 * All sockets read into this one buffer; what is in it must be parsed before anything else runs. The kernel's dump datagrams
 * have at most 32 KiB (netlink_dump).
 */
export const receiveBuffer = Buffer.alloc(256 * 1024)
const senderAddress = Buffer.alloc(12)
const senderLength = Buffer.alloc(4)

/** What one read found: a datagram of this length in `receiveBuffer`, nothing, or that the kernel had to drop some. */
export type Received = number | 'empty' | 'overrun'

/** A netlink socket that lives in one network namespace, wherever the thread goes later. */
export class NetlinkSocket implements Disposable {
  readonly #fd: number
  #open = true

  /** `bufferSize`: how many bytes the kernel may queue for us. */
  constructor(protocol: NetlinkProtocol, netns: NetnsRef, bufferSize: number) {
    this.#fd = openSocket(netns, AF_NETLINK, SOCK_RAW, netlinkProtocols[protocol])
    try {
      this.#prepare(bufferSize)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  #prepare(bufferSize: number): void {
    // Without CAP_NET_ADMIN in the initial user namespace only the ordinary limit (net.core.rmem_max) is to be had.
    if (!this.#option(SOL_SOCKET, SO_RCVBUFFORCE, bufferSize)) this.#option(SOL_SOCKET, SO_RCVBUF, bufferSize)
    // Errors with an explanation, without a copy of the request; filters and exact checks in dumps (Linux 4.12, 4.20).
    this.#option(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    this.#option(SOL_NETLINK, NETLINK_CAP_ACK, 1)
    this.#option(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
    const address = Buffer.alloc(12)
    address.writeUInt16LE(AF_NETLINK)
    if (libc.bind(this.#fd, address, address.length) !== 0)
      throw new LinuxError('bind a netlink socket', libc.lastErrno())
  }

  #option(level: number, name: number, value: number): boolean {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    return libc.setsockopt(this.#fd, level, name, bytes, bytes.length) === 0
  }

  /** Joins a multicast group of the protocol. */
  join(group: number): void {
    if (!this.#option(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group))
      throw new LinuxError(`join netlink group ${group}`, libc.lastErrno())
  }

  /**
   * Sends in the thread pool: the kernel does a request's work within the send, and may have to wait for a lock there
   * for as long as the removal of other namespaces takes. The socket must stay open until this settles.
   */
  write(data: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      write(this.#fd, data, 0, data.length, null, error => {
        if (error) reject(new LinuxError('send a netlink request', -(error.errno ?? 0)))
        else resolve()
      })
    })
  }

  /** Reads one datagram of the kernel's into `receiveBuffer`, without waiting. */
  receive(): Received {
    for (;;) {
      senderLength.writeInt32LE(senderAddress.length)
      const flags = MSG_DONTWAIT | MSG_TRUNC
      const length = libc.recvfrom(this.#fd, receiveBuffer, receiveBuffer.length, flags, senderAddress, senderLength)
      if (length < 0) {
        const errno = libc.lastErrno()
        if (errno === EINTR) continue
        if (errno === EAGAIN) return 'empty'
        if (errno === ENOBUFS) return 'overrun'
        throw new LinuxError('read from a netlink socket', errno)
      }
      // Other processes may send to this socket too; only the kernel has port 0.
      if (senderAddress.readUInt32LE(4) !== 0) continue
      return length > receiveBuffer.length ? 'overrun' : length
    }
  }

  /** Calls back whenever there is something to receive. */
  onReadable(readable: () => void): libc.Poll {
    return libc.pollReadable(this.#fd, readable)
  }

  /** The namespace this socket lives in (SIOCGSKNS, Linux 4.10). */
  netns(): Netns {
    const fd = libc.ioctl(this.#fd, SIOCGSKNS, null)
    if (fd < 0) throw new LinuxError('open the network namespace of a socket', libc.lastErrno())
    return namespaceOf(fd, 'of a netlink socket')
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#fd)
    this.#open = false
  }
}
