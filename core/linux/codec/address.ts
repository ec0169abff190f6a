import type { Family, IpAddress } from '@ovnkit/inet'
import { ipFamily } from '@ovnkit/inet'
import { Reader, Writer } from './bytes.ts'
import { AF_UNSPEC, anyAddress, familyNumber, familyOf, ipBytes, readIp } from './ip.ts'
import type { Message } from './message.ts'

/** Addresses: struct ifaddrmsg and IFA_ attributes (rtnetlink(7), linux/if_addr.h). */
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22

const headerSize = 8
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_LABEL = 3
const IFA_BROADCAST = 4
const IFA_FLAGS = 8
const IFA_PROTO = 11

const IFA_F_NODAD = 0x02
const IFA_F_DADFAILED = 0x08
const IFA_F_TENTATIVE = 0x40
const IFA_F_PERMANENT = 0x80
const IFA_F_NOPREFIXROUTE = 0x200

/** How far an address or route is meant to reach (rtnetlink(7), rtm_scope). */
export const scopes = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const
export type Scope = keyof typeof scopes

const scopeNames = new Map<number, string>(Object.entries(scopes).map(([name, number]) => [number, name]))
const isScope = (name: string | undefined): name is Scope => name !== undefined && name in scopes

/** The scope of a number; user-defined ones count as global. */
export function scopeOf(number: number): Scope {
  const name = scopeNames.get(number)
  return isScope(name) ? name : 'global'
}

export interface Address {
  /** The link's index. */
  readonly index: number
  readonly family: Family
  readonly address: IpAddress
  readonly prefixLength: number
  /** The other end of a point-to-point link. */
  readonly peer: IpAddress | undefined
  readonly broadcast: IpAddress | undefined
  readonly scope: Scope
  readonly label: string
  /** False for an address with a lifetime (DHCP, router advertisements). */
  readonly permanent: boolean
  /** IPv6: duplicate address detection is still running: not usable yet. */
  readonly tentative: boolean
  readonly dadFailed: boolean
  /** IPv6: added without duplicate address detection. */
  readonly nodad: boolean
  /** Whether the kernel made no route for the prefix. */
  readonly noPrefixRoute: boolean
  /** Who added it (IFA_PROTO, Linux 5.18; 0 when unknown): 1 loopback, 2 router advertisement, 3 kernel link-local. */
  readonly protocol: number
}

export interface AddressSpec {
  readonly index: number
  readonly address: IpAddress
  readonly prefixLength: number
  /** `host` for 127/8 and ::1, else `global`, unless given. */
  readonly scope?: Scope
  readonly broadcast?: IpAddress
  /** IPv6: usable at once, without duplicate address detection. The default: our addresses are unique by allocation. */
  readonly nodad?: boolean
  readonly noPrefixRoute?: boolean
  readonly protocol?: number
}

/** RTM_NEWADDR or RTM_DELADDR. */
export function encodeAddress(spec: AddressSpec): Buffer {
  const family = ipFamily(spec.address)
  const bytes = ipBytes(spec.address)
  const flags =
    (family === 6 && spec.nodad !== false ? IFA_F_NODAD : 0) | (spec.noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0)
  const writer = new Writer(96).header(headerSize, (buffer, start) => {
    buffer.writeUInt8(familyNumber(family), start)
    buffer.writeUInt8(spec.prefixLength, start + 1)
    buffer.writeUInt8(scopes[spec.scope ?? defaultScope(spec.address)], start + 3)
    buffer.writeUInt32LE(spec.index, start + 4)
  })
  writer.raw(IFA_LOCAL, bytes).raw(IFA_ADDRESS, bytes)
  if (flags !== 0) writer.u32(IFA_FLAGS, flags)
  if (spec.broadcast !== undefined) writer.raw(IFA_BROADCAST, ipBytes(spec.broadcast))
  if (spec.protocol !== undefined) writer.u8(IFA_PROTO, spec.protocol)
  return writer.bytes()
}

const defaultScope = (ip: IpAddress): Scope => (ip.startsWith('127.') || ip === '::1' ? 'host' : 'global')

/** RTM_GETADDR of all addresses, of one link where `index` is given (needs NETLINK_GET_STRICT_CHK). */
export function encodeAddressDump(index = 0, family?: Family): Buffer {
  return new Writer(16)
    .header(headerSize, (buffer, start) => {
      buffer.writeUInt8(family === undefined ? AF_UNSPEC : familyNumber(family), start)
      buffer.writeUInt32LE(index, start + 4)
    })
    .bytes()
}

/** Body of RTM_NEWADDR or RTM_DELADDR; undefined for other families. */
export function parseAddress({ buffer, start, end }: Message): Address | undefined {
  const family = familyOf(buffer.readUInt8(start))
  if (family === undefined) return undefined
  const found: Found = { flags: buffer.readUInt8(start + 2), label: '', protocol: 0 }
  const reader = new Reader(buffer, start + headerSize, end)
  while (reader.next()) readAttribute(found, reader, family)
  const address = found.local ?? found.address ?? anyAddress(family)
  const remote = found.address
  return {
    index: buffer.readUInt32LE(start + 4),
    family,
    address,
    prefixLength: buffer.readUInt8(start + 1),
    peer: remote === address ? undefined : remote,
    broadcast: found.broadcast,
    scope: scopeOf(buffer.readUInt8(start + 3)),
    label: found.label,
    permanent: (found.flags & IFA_F_PERMANENT) !== 0,
    tentative: (found.flags & IFA_F_TENTATIVE) !== 0,
    dadFailed: (found.flags & IFA_F_DADFAILED) !== 0,
    nodad: (found.flags & IFA_F_NODAD) !== 0,
    noPrefixRoute: (found.flags & IFA_F_NOPREFIXROUTE) !== 0,
    protocol: found.protocol,
  }
}

interface Found {
  flags: number
  label: string
  protocol: number
  local?: IpAddress
  address?: IpAddress
  broadcast?: IpAddress
}

function readAttribute(found: Found, reader: Reader, family: Family): void {
  switch (reader.type) {
    case IFA_LOCAL:
      found.local = readIp(reader.buffer, reader.start, family)
      break
    case IFA_ADDRESS:
      found.address = readIp(reader.buffer, reader.start, family)
      break
    case IFA_BROADCAST:
      found.broadcast = readIp(reader.buffer, reader.start, family)
      break
    case IFA_LABEL:
      found.label = reader.text()
      break
    case IFA_FLAGS:
      found.flags = reader.u32()
      break
    case IFA_PROTO:
      found.protocol = reader.u8()
  }
}
