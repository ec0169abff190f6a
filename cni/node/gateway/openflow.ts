import { connect, type Socket } from 'node:net'
import { messageTypes, openFlowMessage, splitMessages } from '@ovnkit/ovs'

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
    let rest: Buffer = Buffer.alloc(0)
    socket.unref()
    socket.on('connect', () => {
      socket.write(openFlowMessage(messageTypes.hello, 0))
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

/** Answers the switch's signs of life. @returns what is not a whole message yet */
function answer(socket: Socket, data: Buffer): Buffer {
  const { messages, rest } = splitMessages(data)
  for (const { type, transaction } of messages)
    if (type === messageTypes.echoRequest) socket.write(openFlowMessage(messageTypes.echoReply, transaction))
  return Buffer.from(rest)
}
