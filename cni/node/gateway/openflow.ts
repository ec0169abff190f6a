import { connect, type Socket } from 'node:net'

/** OpenFlow 1.0 to 1.5 have these alike: version, type, length, transaction (OpenFlow Switch Specification, "Common Header"). */
const HELLO = 0
const ECHO_REQUEST = 2
const ECHO_REPLY = 3
const headerSize = 8
const version = 4
const retryMs = 500

/**
 * Keeps a connection to a bridge's management socket and calls `connected` for each one that is made: a switch that was started anew has lost the flows of others, and
 * nothing in its database tells. No flow goes over this connection.
 */
export class BridgeConnection implements Disposable {
  readonly #path: string
  readonly #connected: () => void
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #open = true

  constructor(path: string, connected: () => void) {
    this.#path = path
    this.#connected = connected
    this.#connect()
  }

  [Symbol.dispose](): void {
    this.#open = false
    clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  #connect(): void {
    const socket = connect(this.#path)
    this.#socket = socket
    let rest = Buffer.alloc(0)
    socket.unref()
    socket.on('connect', () => {
      socket.write(message(HELLO, 0))
      this.#connected()
    })
    socket.on('data', data => {
      rest = answer(socket, Buffer.concat([rest, data]))
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      // The socket's file comes and goes with the bridge; the first connection of a switch that starts may be too early.
      if (this.#open) this.#timer = setTimeout(() => this.#connect(), retryMs).unref()
    })
  }
}

function message(type: number, transaction: number): Buffer {
  const bytes = Buffer.alloc(headerSize)
  bytes.writeUInt8(version, 0)
  bytes.writeUInt8(type, 1)
  bytes.writeUInt16BE(headerSize, 2)
  bytes.writeUInt32BE(transaction, 4)
  return bytes
}

/** Answers the switch's signs of life. @returns what is not a whole message yet */
function answer(socket: Socket, data: Buffer): Buffer<ArrayBuffer> {
  let at = 0
  while (data.length - at >= headerSize && data.length - at >= data.readUInt16BE(at + 2)) {
    if (data.readUInt8(at + 1) === ECHO_REQUEST) socket.write(message(ECHO_REPLY, data.readUInt32BE(at + 4)))
    at += Math.max(headerSize, data.readUInt16BE(at + 2))
  }
  return Buffer.from(data.subarray(at))
}
