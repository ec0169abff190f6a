import { everyEthertype, type LinuxError, type NetnsRef, PacketSocket } from '@ovnkit/linux'
import { answerFilter } from './filter.ts'
import { type Packet, readPacket } from './packet.ts'
import { Streams } from './streams.ts'

/** A pod has so many answers looked at in a second; what is beyond waits in the kernel's queue, or is lost. */
export const mostPackets = 200
const window = 1000

export interface TapOptions {
  /** Index of the host's end of the pod's interface. */
  readonly link: number
  readonly netns?: NetnsRef
  /** Whether a server's answers are believed; others' are not looked at. */
  readonly believed: (source: Packet['source']) => boolean
  /** A message of DNS; the buffer is good until the call returns. */
  readonly heard: (message: Buffer) => void
  /** The interface is gone. */
  readonly failed: (error: LinuxError) => void
}

/** Hears the answers of DNS servers to one pod, at the host's end of its interface: past it a pod gets nothing. */
export class Tap implements Disposable {
  readonly #options: TapOptions
  readonly #socket: PacketSocket
  readonly #streams = new Streams()
  #poll: Disposable | undefined
  #pause: NodeJS.Timeout | undefined
  #began = 0
  #count = 0

  /** @throws LinuxError where there is no such link */
  constructor(options: TapOptions) {
    const { link, netns = 'host' } = options
    this.#options = options
    this.#socket = new PacketSocket({ link, ethertype: everyEthertype, filter: answerFilter, netns })
    this.#listen()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#pause)
    this.#poll?.[Symbol.dispose]()
    this.#socket[Symbol.dispose]()
  }

  #listen(): void {
    this.#poll = this.#socket.onFrame(
      frame => this.#take(frame),
      error => this.#options.failed(error),
    )
  }

  #take(frame: Buffer): void {
    if (this.#isTooMuch()) this.#rest()
    const packet = readPacket(frame)
    if (packet === undefined || !this.#options.believed(packet.source)) return
    const { tcp } = packet
    const messages = tcp === undefined ? [packet.payload] : this.#streams.push({ ...packet, tcp })
    for (const message of messages) this.#options.heard(message)
  }

  #isTooMuch(): boolean {
    const now = performance.now()
    if (now - this.#began >= window) {
      this.#began = now
      this.#count = 0
    }
    return ++this.#count >= mostPackets
  }

  /** Until the next second. Nothing is asked meanwhile. */
  #rest(): void {
    this.#poll?.[Symbol.dispose]()
    const left = Math.max(1, this.#began + window - performance.now())
    this.#pause = setTimeout(() => this.#listen(), left).unref()
  }
}
