import { connect, type Socket } from 'node:net'
import { type FlowStatistics, flowEntries, flowStatistics, flowStatsRequest, moreFollows } from './flow-stats.ts'
import { messageTypes, type OpenFlowMessage, openFlowMessage, splitMessages } from './message.ts'

export interface ReadFlowsOptions {
  /** Only these tables; without one all. */
  readonly tables?: readonly number[]
  readonly signal: AbortSignal
}

const leastVersion = 4

/**
 * Asks a bridge for its flows and what they counted, by OpenFlow 1.3 over its management socket; no process is started. Some 150 bytes are read for a flow.
 * @param path `/var/run/openvswitch/br-int.mgmt`
 * @param each is called for every flow as it is read
 * @throws Error where the bridge cannot be asked, or ends the conversation
 */
export function readFlows(
  path: string,
  each: (flow: FlowStatistics) => void,
  { tables = [], signal }: ReadFlowsOptions,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (signal.aborted) return Promise.reject(signal.reason)
  const socket = connect(path)
  const requests = tables.length === 0 ? [flowStatsRequest()] : tables.map(flowStatsRequest)
  const conversation = new Conversation(socket, requests, each)
  const stop = () => socket.destroy(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  socket.on('data', data => {
    try {
      if (conversation.take(data)) {
        resolve()
        socket.destroy()
      }
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  })
  socket.on('error', reject)
  socket.on('close', () => {
    signal.removeEventListener('abort', stop)
    reject(new Error(`${path}: the switch ended the connection before its answer`))
  })
  return promise
}

class Conversation {
  readonly #socket: Socket
  readonly #each: (flow: FlowStatistics) => void
  readonly #waiting: Set<number>
  #rest: Buffer = Buffer.alloc(0)

  constructor(socket: Socket, requests: readonly Buffer[], each: (flow: FlowStatistics) => void) {
    this.#socket = socket
    this.#each = each
    this.#waiting = new Set(requests.keys())
    const asked = requests.map((body, i) => openFlowMessage(messageTypes.multipartRequest, i, body))
    socket.write(Buffer.concat([openFlowMessage(messageTypes.hello, 0), ...asked]))
  }

  /** @returns whether everything that was asked for has been answered */
  take(data: Buffer): boolean {
    const { messages, rest } = splitMessages(this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]))
    this.#rest = rest
    for (const message of messages) this.#message(message)
    return this.#waiting.size === 0
  }

  #message({ version, type, transaction, body }: OpenFlowMessage): void {
    switch (type) {
      case messageTypes.hello:
        if (version < leastVersion)
          throw new Error(`expected a bridge that speaks OpenFlow 1.3, got version ${version}`)
        return
      case messageTypes.echoRequest:
        this.#socket.write(openFlowMessage(messageTypes.echoReply, transaction, body))
        return
      case messageTypes.error:
        throw new Error(`the switch refused: OpenFlow error ${body.readUInt16BE(0)}, code ${body.readUInt16BE(2)}`)
      case messageTypes.multipartReply:
        this.#answer(transaction, body)
        return
    }
  }

  #answer(transaction: number, body: Buffer): void {
    if (body.readUInt16BE(0) !== flowStatistics) return
    for (const flow of flowEntries(body)) this.#each(flow)
    if ((body.readUInt16BE(2) & moreFollows) === 0) this.#waiting.delete(transaction)
  }
}
