import { type Cidr, cidrOf, type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import { type Scope, scopeOf, scopes } from './address.ts'
import { Reader, Writer } from './bytes.ts'
import { AF_UNSPEC, anyAddress, familyNumber, familyOf, ipBytes, readIp } from './ip.ts'
import type { Message } from './message.ts'

/** Routes: struct rtmsg and RTA_ attributes (rtnetlink(7), linux/rtnetlink.h). */
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26

const headerSize = 12
const RTA_DST = 1
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_PRIORITY = 6
const RTA_PREFSRC = 7
const RTA_METRICS = 8
const RTA_MULTIPATH = 9
const RTA_TABLE = 15
const RTA_VIA = 18
const RTAX_MTU = 2
const RTNH_F_ONLINK = 4
const RTM_F_CLONED = 0x200
const nextHopSize = 8

/** The main routing table. */
export const mainTable = 254

export const routeTypes = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const
export type RouteType = keyof typeof routeTypes

const typeNames = new Map<number, string>(Object.entries(routeTypes).map(([name, number]) => [number, name]))
const isRouteType = (name: string | undefined): name is RouteType => name !== undefined && name in routeTypes

export interface NextHop {
  readonly index: number
  readonly via: IpAddress | undefined
  /** 1 to 256. */
  readonly weight: number
}

export interface Route {
  readonly family: Family
  /** `0.0.0.0/0` and `::/0` are the default routes. */
  readonly destination: Cidr
  readonly table: number
  /** Who made it: 2 kernel, 3 boot, 4 static, ... (/etc/iproute2/rt_protos). */
  readonly protocol: number
  readonly scope: Scope
  readonly type: RouteType
  readonly via: IpAddress | undefined
  /** Index of the link to leave by. */
  readonly index: number | undefined
  /** The smaller wins. */
  readonly metric: number
  /** Preferred source address. */
  readonly source: IpAddress | undefined
  /** 0 when the route sets none. */
  readonly mtu: number
  /** The gateway counts as reachable on the link although no address covers it. */
  readonly onlink: boolean
  /** Several next hops of one route; empty for an ordinary one. */
  readonly nextHops: readonly NextHop[]
  /** A cached exception (PMTU, redirect), no configured route. */
  readonly cloned: boolean
}

export interface RouteSpec {
  readonly destination: Cidr
  readonly table?: number
  /** 4 (static) unless given. */
  readonly protocol?: number
  readonly type?: RouteType
  readonly scope?: Scope
  readonly via?: IpAddress
  readonly index?: number
  readonly metric?: number
  readonly source?: IpAddress
  readonly mtu?: number
  readonly onlink?: boolean
}

/** RTM_NEWROUTE or RTM_DELROUTE. */
export function encodeRoute(spec: RouteSpec): Buffer {
  const { destination, table = mainTable } = spec
  const writer = new Writer(128).header(headerSize, (buffer, start) => {
    buffer.writeUInt8(familyNumber(destination.family), start)
    buffer.writeUInt8(destination.prefixLength, start + 1)
    buffer.writeUInt8(table < 256 ? table : 0, start + 4)
    buffer.writeUInt8(spec.protocol ?? 4, start + 5)
    buffer.writeUInt8(scopes[spec.scope ?? defaultScope(spec)], start + 6)
    buffer.writeUInt8(routeTypes[spec.type ?? 'unicast'], start + 7)
    buffer.writeUInt32LE(spec.onlink ? RTNH_F_ONLINK : 0, start + 8)
  })
  writer.u32(RTA_TABLE, table)
  if (destination.prefixLength > 0) writer.raw(RTA_DST, ipBytes(destination.network))
  if (spec.via !== undefined) writeGateway(writer, destination.family, spec.via)
  if (spec.index !== undefined) writer.u32(RTA_OIF, spec.index)
  if (spec.metric !== undefined) writer.u32(RTA_PRIORITY, spec.metric)
  if (spec.source !== undefined) writer.raw(RTA_PREFSRC, ipBytes(spec.source))
  if (spec.mtu) writer.nest(RTA_METRICS, metrics => metrics.u32(RTAX_MTU, spec.mtu ?? 0))
  return writer.bytes()
}

/** An IPv4 route without a gateway reaches the link only, as iproute2 sets it. */
function defaultScope({ destination, via, type = 'unicast' }: RouteSpec): Scope {
  if (type === 'local') return 'host'
  return destination.family === 4 && via === undefined && type === 'unicast' ? 'link' : 'global'
}

/** A gateway of the other family (IPv4 via IPv6, RFC 5549) is a struct rtvia. */
function writeGateway(writer: Writer, family: Family, via: IpAddress): void {
  const viaFamily = ipFamily(via)
  if (viaFamily === family) writer.raw(RTA_GATEWAY, ipBytes(via))
  else writer.raw(RTA_VIA, Buffer.concat([Buffer.of(familyNumber(viaFamily), 0), ipBytes(via)]))
}

export interface RouteFilter {
  readonly family?: Family
  readonly table?: number
  readonly protocol?: number
  /** Index of the link. */
  readonly index?: number
}

/** RTM_GETROUTE of all routes that match (the kernel filters where NETLINK_GET_STRICT_CHK is on). */
export function encodeRouteDump({ family, table, protocol, index }: RouteFilter): Buffer {
  const writer = new Writer(32).header(headerSize, (buffer, start) => {
    buffer.writeUInt8(family === undefined ? AF_UNSPEC : familyNumber(family), start)
    buffer.writeUInt8(protocol ?? 0, start + 5)
  })
  if (table !== undefined) writer.u32(RTA_TABLE, table)
  if (index !== undefined) writer.u32(RTA_OIF, index)
  return writer.bytes()
}

interface Found {
  table: number
  metric: number
  mtu: number
  nextHops: NextHop[]
  destination?: IpAddress
  via?: IpAddress
  index?: number
  source?: IpAddress
}

/** Body of RTM_NEWROUTE or RTM_DELROUTE; undefined for other families (MPLS, multicast). */
export function parseRoute({ buffer, start, end }: Message): Route | undefined {
  const family = familyOf(buffer.readUInt8(start))
  const type = typeNames.get(buffer.readUInt8(start + 7))
  if (family === undefined || !isRouteType(type)) return undefined
  const flags = buffer.readUInt32LE(start + 8)
  const found: Found = { table: buffer.readUInt8(start + 4), metric: 0, mtu: 0, nextHops: [] }
  const reader = new Reader(buffer, start + headerSize, end)
  while (reader.next()) readAttribute(found, reader, family)
  return {
    family,
    destination: cidrOf(found.destination ?? anyAddress(family), buffer.readUInt8(start + 1)),
    table: found.table,
    protocol: buffer.readUInt8(start + 5),
    scope: scopeOf(buffer.readUInt8(start + 6)),
    type,
    via: found.via,
    index: found.index,
    metric: found.metric,
    source: found.source,
    mtu: found.mtu,
    onlink: (flags & RTNH_F_ONLINK) !== 0,
    nextHops: found.nextHops,
    cloned: (flags & RTM_F_CLONED) !== 0,
  }
}

function readAttribute(found: Found, reader: Reader, family: Family): void {
  switch (reader.type) {
    case RTA_DST:
      found.destination = readIp(reader.buffer, reader.start, family)
      break
    case RTA_OIF:
      found.index = reader.u32()
      break
    case RTA_GATEWAY:
    case RTA_VIA: {
      const via = readGateway(reader, family)
      if (via !== undefined) found.via = via
      break
    }
    case RTA_PRIORITY:
      found.metric = reader.u32()
      break
    case RTA_PREFSRC:
      found.source = readIp(reader.buffer, reader.start, family)
      break
    case RTA_METRICS:
      found.mtu = readMtu(reader.nested())
      break
    case RTA_MULTIPATH:
      found.nextHops = readNextHops(reader, family)
      break
    case RTA_TABLE:
      found.table = reader.u32()
  }
}

function readGateway(reader: Reader, family: Family): IpAddress | undefined {
  if (reader.type === RTA_GATEWAY) return readIp(reader.buffer, reader.start, family)
  const viaFamily = familyOf(reader.u16())
  return viaFamily && readIp(reader.buffer, reader.start + 2, viaFamily)
}

function readMtu(reader: Reader): number {
  while (reader.next()) if (reader.type === RTAX_MTU) return reader.u32()
  return 0
}

/** A list of struct rtnexthop, each with its own attributes. */
function readNextHops({ buffer, start, end }: Reader, family: Family): NextHop[] {
  const hops: NextHop[] = []
  for (let at = start; at + nextHopSize <= end; ) {
    const length = buffer.readUInt16LE(at)
    if (length < nextHopSize) break
    let via: IpAddress | undefined
    const reader = new Reader(buffer, at + nextHopSize, Math.min(at + length, end))
    while (reader.next()) if (reader.type === RTA_GATEWAY || reader.type === RTA_VIA) via = readGateway(reader, family)
    hops.push({ index: buffer.readInt32LE(at + 4), via, weight: buffer.readUInt8(at + 3) + 1 })
    at += (length + 3) & ~3
  }
  return hops
}
