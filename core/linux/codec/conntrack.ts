import { type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import { Reader, Writer } from './bytes.ts'
import { familyNumber, familyOf, ipBytes, readIp } from './ip.ts'
import type { Message } from './message.ts'

/** Connection tracking: ctnetlink (linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h). */
const NFNL_SUBSYS_CTNETLINK = 1
export const CTNL_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1
export const CTNL_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2

const headerSize = 4
const CTA_TUPLE_ORIG = 1
const CTA_TUPLE_REPLY = 2
const CTA_MARK = 8
const CTA_ID = 12
const CTA_ZONE = 18
const CTA_TUPLE_IP = 1
const CTA_TUPLE_PROTO = 2
const CTA_IP_V4_SRC = 1
const CTA_IP_V4_DST = 2
const CTA_IP_V6_SRC = 3
const CTA_IP_V6_DST = 4
const CTA_PROTO_NUM = 1
const CTA_PROTO_SRC_PORT = 2
const CTA_PROTO_DST_PORT = 3

/** One direction of a connection. */
export interface Tuple {
  readonly source: IpAddress
  readonly destination: IpAddress
  /** IP protocol number: 6 TCP, 17 UDP, 132 SCTP. */
  readonly protocol: number
  /** 0 for protocols without ports. */
  readonly sourcePort: number
  readonly destinationPort: number
}

export interface Connection {
  readonly family: Family
  /** As the first packet was, before any translation. */
  readonly original: Tuple
  /** As replies are expected: its source is the address that the connection was translated to. */
  readonly reply: Tuple
  readonly zone: number
  readonly mark: number
  readonly id: number
}

function writeHeader(writer: Writer, family: Family | undefined): Writer {
  return writer.header(headerSize, (buffer, start) =>
    buffer.writeUInt8(family === undefined ? 0 : familyNumber(family), start),
  )
}

/** CTNL_GET of all connections. */
export const encodeConnectionDump = (family?: Family): Buffer => writeHeader(new Writer(16), family).bytes()

/** CTNL_DELETE of exactly this connection: the id keeps a new one with the same addresses safe. */
export function encodeConnectionDelete({ family, original, zone, id }: Connection): Buffer {
  const writer = writeHeader(new Writer(160), family)
  writer.nest(CTA_TUPLE_ORIG, tuple => writeTuple(tuple, original))
  if (zone !== 0) writer.be16(CTA_ZONE, zone)
  return writer.be32(CTA_ID, id).bytes()
}

function writeTuple(writer: Writer, tuple: Tuple): void {
  const v4 = ipFamily(tuple.source) === 4
  writer.nest(CTA_TUPLE_IP, ip => {
    ip.raw(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, ipBytes(tuple.source))
    ip.raw(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, ipBytes(tuple.destination))
  })
  writer.nest(CTA_TUPLE_PROTO, proto => {
    proto.u8(CTA_PROTO_NUM, tuple.protocol)
    proto.be16(CTA_PROTO_SRC_PORT, tuple.sourcePort).be16(CTA_PROTO_DST_PORT, tuple.destinationPort)
  })
}

/** Body of an answer to CTNL_GET; undefined for other families. */
export function parseConnection({ buffer, start, end }: Message): Connection | undefined {
  const family = familyOf(buffer.readUInt8(start))
  if (family === undefined) return undefined
  let original: Tuple | undefined
  let reply: Tuple | undefined
  let zone = 0
  let mark = 0
  let id = 0
  const reader = new Reader(buffer, start + headerSize, end)
  while (reader.next()) {
    if (reader.type === CTA_TUPLE_ORIG) original = readTuple(reader.nested(), family)
    else if (reader.type === CTA_TUPLE_REPLY) reply = readTuple(reader.nested(), family)
    else if (reader.type === CTA_ZONE) zone = reader.be16()
    else if (reader.type === CTA_MARK) mark = reader.be32()
    else if (reader.type === CTA_ID) id = reader.be32()
  }
  return original && reply && { family, original, reply, zone, mark, id }
}

function readTuple(reader: Reader, family: Family): Tuple | undefined {
  let addresses: Pick<Tuple, 'source' | 'destination'> | undefined
  let ports = { protocol: 0, sourcePort: 0, destinationPort: 0 }
  while (reader.next()) {
    if (reader.type === CTA_TUPLE_IP) addresses = readAddresses(reader.nested(), family)
    else if (reader.type === CTA_TUPLE_PROTO) ports = readPorts(reader.nested())
  }
  return addresses && { ...addresses, ...ports }
}

function readAddresses(reader: Reader, family: Family): Pick<Tuple, 'source' | 'destination'> | undefined {
  let source: IpAddress | undefined
  let destination: IpAddress | undefined
  while (reader.next()) {
    if (reader.type === CTA_IP_V4_SRC || reader.type === CTA_IP_V6_SRC)
      source = readIp(reader.buffer, reader.start, family)
    else if (reader.type === CTA_IP_V4_DST || reader.type === CTA_IP_V6_DST)
      destination = readIp(reader.buffer, reader.start, family)
  }
  return source && destination && { source, destination }
}

function readPorts(reader: Reader): Omit<Tuple, 'source' | 'destination'> {
  let protocol = 0
  let sourcePort = 0
  let destinationPort = 0
  while (reader.next()) {
    if (reader.type === CTA_PROTO_NUM) protocol = reader.u8()
    else if (reader.type === CTA_PROTO_SRC_PORT) sourcePort = reader.be16()
    else if (reader.type === CTA_PROTO_DST_PORT) destinationPort = reader.be16()
  }
  return { protocol, sourcePort, destinationPort }
}
