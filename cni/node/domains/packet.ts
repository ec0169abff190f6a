import { type IpAddress, ipFromBigint } from '@ovnkit/inet'

/** What a DNS server sent to a pod in one packet. The payload is a view into the frame. */
export interface Packet {
  readonly source: IpAddress
  /** The pod's port. */
  readonly port: number
  readonly payload: Buffer
  /** Undefined: UDP. */
  readonly tcp?: { readonly sequence: number; readonly syn: boolean; readonly end: boolean }
}

const ethernetHeader = 14
const protocols = { tcp: 6, udp: 17 } as const
const flags = { fin: 1, syn: 2, rst: 4 } as const

/** Reads an Ethernet frame that the filter let through; undefined for one that is cut off or says of itself what cannot be. */
export function readPacket(frame: Buffer): Packet | undefined {
  const transport = transportOf(frame)
  if (transport === undefined) return undefined
  const { source, protocol, bytes } = transport
  return protocol === protocols.udp ? udp(source, bytes) : tcp(source, bytes)
}

interface Transport {
  readonly source: IpAddress
  readonly protocol: number
  readonly bytes: Buffer
}

function transportOf(frame: Buffer): Transport | undefined {
  if (frame.length < ethernetHeader + 20) return undefined
  const packet = frame.subarray(ethernetHeader)
  return frame.readUInt16BE(12) === 0x0800 ? ipv4(packet) : ipv6(packet)
}

/** RFC 791. A length of 0 is that of a segment which the kernel has not cut yet. */
function ipv4(packet: Buffer): Transport | undefined {
  const header = (packet.readUInt8(0) & 0x0f) * 4
  const length = packet.readUInt16BE(2) || packet.length
  if (header < 20 || length < header || length > packet.length) return undefined
  const source = ipFromBigint(BigInt(packet.readUInt32BE(12)), 4)
  return { source, protocol: packet.readUInt8(9), bytes: packet.subarray(header, length) }
}

/** RFC 8200. */
function ipv6(packet: Buffer): Transport | undefined {
  if (packet.length < 40) return undefined
  const length = packet.readUInt16BE(4) || packet.length - 40
  if (40 + length > packet.length) return undefined
  const source = ipFromBigint((packet.readBigUInt64BE(8) << 64n) | packet.readBigUInt64BE(16), 6)
  return { source, protocol: packet.readUInt8(6), bytes: packet.subarray(40, 40 + length) }
}

function udp(source: IpAddress, bytes: Buffer): Packet | undefined {
  if (bytes.length < 8) return undefined
  const length = bytes.readUInt16BE(4)
  // Of a fragment only the beginning is here.
  if (length < 8 || length > bytes.length) return undefined
  return { source, port: bytes.readUInt16BE(2), payload: bytes.subarray(8, length) }
}

function tcp(source: IpAddress, bytes: Buffer): Packet | undefined {
  if (bytes.length < 20) return undefined
  const header = (bytes.readUInt8(12) >> 4) * 4
  if (header < 20 || header > bytes.length) return undefined
  const set = bytes.readUInt8(13)
  return {
    source,
    port: bytes.readUInt16BE(2),
    payload: bytes.subarray(header),
    tcp: {
      sequence: bytes.readUInt32BE(4),
      syn: (set & flags.syn) !== 0,
      end: (set & (flags.fin | flags.rst)) !== 0,
    },
  }
}
