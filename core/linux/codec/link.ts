import type { Mac } from '@ovnkit/inet'
import { Reader, Writer } from './bytes.ts'
import { AF_UNSPEC, macBytes, readMac } from './ip.ts'
import type { Message } from './message.ts'

/** Links (network interfaces): struct ifinfomsg and IFLA_ attributes (rtnetlink(7), linux/if_link.h). */
export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
export const RTM_GETLINK = 18

const headerSize = 16
const IFF_UP = 0x1
const IFF_LOOPBACK = 0x8
const IFF_LOWER_UP = 0x10000

const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINK = 5
const IFLA_MASTER = 10
const IFLA_TXQLEN = 13
const IFLA_OPERSTATE = 16
const IFLA_LINKINFO = 18
const IFLA_IFALIAS = 20
const IFLA_GROUP = 27
const IFLA_NET_NS_FD = 28
const IFLA_EXT_MASK = 29
const IFLA_LINK_NETNSID = 37
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const VETH_INFO_PEER = 1
const RTEXT_FILTER_SKIP_STATS = 1 << 3

const operStates = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'] as const
/** RFC 2863 operational state. */
export type OperState = (typeof operStates)[number]

/** The longest interface name (IFNAMSIZ - 1). */
export const maxLinkName = 15

export interface Link {
  readonly index: number
  readonly name: string
  /** `veth`, `bridge`, `tun`, ...; empty for hardware and for the loopback. */
  readonly kind: string
  /** undefined for links without Ethernet addresses. */
  readonly mac: Mac | undefined
  /** Bytes. */
  readonly mtu: number
  /** Administrative state. */
  readonly up: boolean
  readonly operState: OperState
  /** Whether the lower layer has a carrier; for a veth: whether its peer is up. */
  readonly carrier: boolean
  readonly loopback: boolean
  /** Index of the bridge or bond that this link belongs to. */
  readonly master: number | undefined
  /** Index of the link this one depends on: for a veth its peer, in the peer's own namespace. */
  readonly peerIndex: number | undefined
  /** Whether `peerIndex` is an index in another network namespace. */
  readonly peerElsewhere: boolean
  readonly txQueueLength: number
  readonly group: number
  /** Free text kept by the kernel, up to 255 bytes. */
  readonly alias: string
}

/** What may be set on a new or existing link. */
export interface LinkAttributes {
  readonly name?: string
  readonly mac?: Mac
  /** Bytes. */
  readonly mtu?: number
  readonly up?: boolean
  readonly alias?: string
  readonly txQueueLength?: number
  /** Index of the bridge or bond to join; 0 to leave. */
  readonly master?: number
  /** A number that links have in common; 0 unless set. */
  readonly group?: number
  /** Open file of the namespace to move to, or to be created in. */
  readonly netnsFd?: number
}

/** What the kernel takes for the other end of a new pair: neither its state nor an alias or master (veth_newlink). */
export type PeerAttributes = Pick<LinkAttributes, 'mac' | 'mtu' | 'txQueueLength' | 'netnsFd'> & {
  readonly name: string
}

export interface VethSpec extends Omit<LinkAttributes, 'alias'> {
  readonly name: string
  readonly peer: PeerAttributes
}

/** Which link: by index, or by name (at most `maxLinkName` bytes). */
export type LinkSelector = number | string

const indexOf = (link: LinkSelector): number => (typeof link === 'number' ? link : 0)

function writeHeader(writer: Writer, index: number, up: boolean | undefined): Writer {
  return writer.header(headerSize, (buffer, start) => {
    buffer.writeUInt8(AF_UNSPEC, start)
    buffer.writeInt32LE(index, start + 4)
    buffer.writeUInt32LE(up ? IFF_UP : 0, start + 8)
    buffer.writeUInt32LE(up === undefined ? 0 : IFF_UP, start + 12)
  })
}

function writeAttributes(writer: Writer, link: LinkAttributes): void {
  if (link.name !== undefined) writer.text(IFLA_IFNAME, link.name)
  if (link.mac !== undefined) writer.raw(IFLA_ADDRESS, macBytes(link.mac))
  if (link.mtu !== undefined) writer.u32(IFLA_MTU, link.mtu)
  if (link.alias !== undefined) writer.text(IFLA_IFALIAS, link.alias)
  if (link.txQueueLength !== undefined) writer.u32(IFLA_TXQLEN, link.txQueueLength)
  if (link.master !== undefined) writer.u32(IFLA_MASTER, link.master)
  if (link.group !== undefined) writer.u32(IFLA_GROUP, link.group)
  if (link.netnsFd !== undefined) writer.u32(IFLA_NET_NS_FD, link.netnsFd)
}

/** RTM_NEWLINK for a pair; the peer is created where `peer.netnsFd` says, under its final name. */
export function encodeVeth({ peer, ...link }: VethSpec): Buffer {
  const writer = writeHeader(new Writer(), 0, link.up)
  writeAttributes(writer, link)
  writer.nest(IFLA_LINKINFO, info =>
    info.text(IFLA_INFO_KIND, 'veth').nest(IFLA_INFO_DATA, data =>
      data.nest(VETH_INFO_PEER, body => {
        writeHeader(body, 0, undefined)
        writeAttributes(body, peer)
      }),
    ),
  )
  return writer.bytes()
}

/** RTM_NEWLINK for a link that needs no more than a kind, such as `bridge`. */
export function encodeNewLink(kind: string, link: LinkAttributes & { readonly name: string }): Buffer {
  const writer = writeHeader(new Writer(), 0, link.up)
  writeAttributes(writer, link)
  return writer.nest(IFLA_LINKINFO, info => info.text(IFLA_INFO_KIND, kind)).bytes()
}

/** RTM_NEWLINK without create for an existing link. A rename needs the link's index. */
export function encodeSetLink(link: LinkSelector, changes: LinkAttributes): Buffer {
  const writer = writeHeader(new Writer(), indexOf(link), changes.up)
  if (typeof link === 'string') writer.text(IFLA_IFNAME, link)
  writeAttributes(writer, changes)
  return writer.bytes()
}

/** RTM_GETLINK or RTM_DELLINK of one link. */
export function encodeLinkSelector(link: LinkSelector, get: boolean): Buffer {
  const writer = writeHeader(new Writer(64), indexOf(link), undefined)
  if (typeof link === 'string') writer.text(IFLA_IFNAME, link)
  if (get) writer.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)
  return writer.bytes()
}

/** RTM_DELLINK of all links in a group. */
export const encodeGroupDelete = (group: number): Buffer =>
  writeHeader(new Writer(32), 0, undefined).u32(IFLA_GROUP, group).bytes()

/** RTM_GETLINK of all links. */
export const encodeLinkDump = (): Buffer =>
  writeHeader(new Writer(32), 0, undefined).u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS).bytes()

/**
 * Body of RTM_NEWLINK or RTM_DELLINK; undefined for reports that are about a link in a role: a bridge says in such messages (family
 * AF_BRIDGE, few attributes) that it got or lost a port.
 */
export function parseLink({ buffer, start, end }: Message): Link | undefined {
  if (buffer.readUInt8(start) !== AF_UNSPEC) return undefined
  const flags = buffer.readUInt32LE(start + 8)
  const link = {
    index: buffer.readInt32LE(start + 4),
    name: '',
    kind: '',
    mac: undefined as Mac | undefined,
    mtu: 0,
    up: (flags & IFF_UP) !== 0,
    operState: 'unknown' as OperState,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    master: undefined as number | undefined,
    peerIndex: undefined as number | undefined,
    peerElsewhere: false,
    txQueueLength: 0,
    group: 0,
    alias: '',
  }
  const reader = new Reader(buffer, start + headerSize, end)
  while (reader.next()) readAttribute(link, reader)
  return link
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function readAttribute(link: Mutable<Link>, reader: Reader): void {
  switch (reader.type) {
    case IFLA_IFNAME:
      link.name = reader.text()
      break
    case IFLA_ADDRESS:
      link.mac = readMac(reader.buffer, reader.start, reader.size)
      break
    case IFLA_MTU:
      link.mtu = reader.u32()
      break
    case IFLA_OPERSTATE:
      link.operState = operStates[reader.u8()] ?? 'unknown'
      break
    case IFLA_MASTER:
      link.master = reader.u32()
      break
    case IFLA_LINK:
      link.peerIndex = reader.u32()
      break
    case IFLA_LINK_NETNSID:
      link.peerElsewhere = true
      break
    case IFLA_TXQLEN:
      link.txQueueLength = reader.u32()
      break
    case IFLA_GROUP:
      link.group = reader.u32()
      break
    case IFLA_IFALIAS:
      link.alias = reader.text()
      break
    case IFLA_LINKINFO:
      link.kind = readKind(reader.nested())
  }
}

function readKind(reader: Reader): string {
  while (reader.next()) if (reader.type === IFLA_INFO_KIND) return reader.text()
  return ''
}
