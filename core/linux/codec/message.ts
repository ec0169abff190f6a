import { Reader } from './bytes.ts'

/** Netlink's envelope: nlmsghdr, acknowledgements and their extended errors (netlink(7), linux/netlink.h). */
export const headerSize = 16

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3

export const NLM_F_REQUEST = 0x01
export const NLM_F_ACK = 0x04
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_DUMP = 0x300
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200

const NLMSGERR_ATTR_MSG = 1

/** One message within a received datagram; `start` and `end` bound its body. */
export interface Message {
  readonly buffer: Buffer
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly start: number
  readonly end: number
}

/** A complete request: header and body in one buffer. */
export function frame(type: number, flags: number, sequence: number, body: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe((headerSize + body.length + 3) & ~3)
  message.writeUInt32LE(headerSize + body.length, 0)
  message.writeUInt16LE(type, 4)
  message.writeUInt16LE(flags, 6)
  message.writeUInt32LE(sequence, 8)
  message.writeUInt32LE(0, 12)
  message.set(body, headerSize)
  return message.fill(0, headerSize + body.length)
}

/** Calls `each` for every message in `buffer[0, length)`. A truncated last message is left out. */
export function eachMessage(buffer: Buffer, length: number, each: (message: Message) => void): void {
  let at = 0
  while (at + headerSize <= length) {
    const size = buffer.readUInt32LE(at)
    if (size < headerSize || at + size > length) return
    each({
      buffer,
      type: buffer.readUInt16LE(at + 4),
      flags: buffer.readUInt16LE(at + 6),
      sequence: buffer.readUInt32LE(at + 8),
      start: at + headerSize,
      end: at + size,
    })
    at += (size + 3) & ~3
  }
}

export interface Acknowledgement {
  /** 0 for success, else a positive errno. */
  readonly errno: number
  /** The kernel's explanation, where it has one. */
  readonly detail: string | undefined
}

/** The body of NLMSG_ERROR: error, the request's header (with all of the request unless capped), then attributes. */
export function parseAcknowledgement({ buffer, flags, start, end }: Message): Acknowledgement {
  const errno = -buffer.readInt32LE(start)
  if (!(flags & NLM_F_ACK_TLVS)) return { errno, detail: undefined }
  const requestSize = flags & NLM_F_CAPPED || errno === 0 ? headerSize : buffer.readUInt32LE(start + 4)
  return { errno, detail: explanation(buffer, start + 4 + ((requestSize + 3) & ~3), end) }
}

/** The body of NLMSG_DONE: the errno that ended a dump, 0 when it is complete. */
export function parseDone({ buffer, flags, start, end }: Message): Acknowledgement {
  const errno = end - start >= 4 ? -buffer.readInt32LE(start) : 0
  return { errno, detail: flags & NLM_F_ACK_TLVS ? explanation(buffer, start + 4, end) : undefined }
}

function explanation(buffer: Buffer, start: number, end: number): string | undefined {
  const reader = new Reader(buffer, start, end)
  while (reader.next()) if (reader.type === NLMSGERR_ATTR_MSG) return reader.text()
  return undefined
}
