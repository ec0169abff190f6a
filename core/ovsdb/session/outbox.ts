import type { Writable } from 'node:stream'

/** One message on its way out. */
export interface Outgoing {
  readonly text: string
  /** Handed over to the socket. */
  sent: boolean
  /** Not wanted any more: skipped if it was not sent yet. */
  dropped: boolean
}

/** Bytes per write: enough to make system calls rare, little enough that a full socket is noticed. */
const BATCH = 64 * 1024

/**
 * Sends messages in order; those of one microtask turn leave in one write. When the socket is full they wait here, where they
 * can still be taken back.
 */
export class Outbox {
  readonly #stream: Writable
  readonly #written: (bytes: number) => void
  #queue: Outgoing[] = []
  #scheduled = false
  #blocked = false

  constructor(stream: Writable, written: (bytes: number) => void) {
    this.#stream = stream
    this.#written = written
    stream.on('drain', () => {
      this.#blocked = false
      this.#flush()
    })
  }

  push(text: string): Outgoing {
    const message = { text, sent: false, dropped: false }
    this.#queue.push(message)
    if (!this.#scheduled && !this.#blocked) {
      this.#scheduled = true
      queueMicrotask(() => this.#flush())
    }
    return message
  }

  #flush(): void {
    this.#scheduled = false
    let done = 0
    while (done < this.#queue.length && !this.#blocked && this.#stream.writable) done = this.#writeBatch(done)
    if (done > 0) this.#queue = this.#queue.slice(done)
  }

  #writeBatch(from: number): number {
    let batch = ''
    let at = from
    for (let next = this.#queue[at]; next !== undefined && batch.length < BATCH; next = this.#queue[++at]) {
      if (next.dropped) continue
      batch += next.text
      next.sent = true
    }
    if (batch === '') return at
    this.#written(Buffer.byteLength(batch))
    this.#blocked = !this.#stream.write(batch)
    return at
  }
}
