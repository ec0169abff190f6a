/** What all versions of OpenFlow have alike: version, type, length, transaction (OpenFlow Switch Specification 1.3, 7.1). */
const headerSize = 8

/** OpenFlow 1.3; a switch with a later one speaks this, too, unless it was forbidden to (`Bridge:protocols`). */
const version = 4

export const messageTypes = {
  hello: 0,
  error: 1,
  echoRequest: 2,
  echoReply: 3,
  multipartRequest: 18,
  multipartReply: 19,
} as const

export interface OpenFlowMessage {
  readonly version: number
  readonly type: number
  readonly transaction: number
  /** What follows the header. It is part of the bytes that were read. */
  readonly body: Buffer
}

export function openFlowMessage(type: number, transaction: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(headerSize + body.length)
  bytes.writeUInt8(version, 0)
  bytes.writeUInt8(type, 1)
  bytes.writeUInt16BE(bytes.length, 2)
  bytes.writeUInt32BE(transaction, 4)
  bytes.set(body, headerSize)
  return bytes
}

/** The whole messages of a stream, and what is not a whole one yet. */
export function splitMessages(data: Buffer): { readonly messages: OpenFlowMessage[]; readonly rest: Buffer } {
  const messages: OpenFlowMessage[] = []
  let at = 0
  while (data.length - at >= headerSize) {
    const length = Math.max(headerSize, data.readUInt16BE(at + 2))
    if (data.length - at < length) break
    messages.push({
      version: data.readUInt8(at),
      type: data.readUInt8(at + 1),
      transaction: data.readUInt32BE(at + 4),
      body: data.subarray(at + headerSize, at + length),
    })
    at += length
  }
  return { messages, rest: data.subarray(at) }
}
