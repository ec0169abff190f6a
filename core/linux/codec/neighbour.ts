import { type Family, type IpAddress, ipFamily, type Mac } from '@ovnkit/inet'
import { Reader, Writer } from './bytes.ts'
import { AF_UNSPEC, familyNumber, familyOf, ipBytes, macBytes, readIp, readMac } from './ip.ts'
import type { Message } from './message.ts'

/** Neighbours (ARP and ND entries): struct ndmsg and NDA_ attributes (rtnetlink(7), linux/neighbour.h). */
export const RTM_NEWNEIGH = 28
export const RTM_DELNEIGH = 29
export const RTM_GETNEIGH = 30

const headerSize = 12
const NDA_DST = 1
const NDA_LLADDR = 2
const NDA_IFINDEX = 8
const NDA_PROTOCOL = 12
const NUD_PERMANENT = 0x80
const NTF_PROXY = 0x08

export const neighbourStates = {
  incomplete: 1,
  reachable: 2,
  stale: 4,
  delay: 8,
  probe: 16,
  failed: 32,
  noarp: 64,
  permanent: 128,
} as const
export type NeighbourState = keyof typeof neighbourStates | 'none'

const stateNames = new Map<number, NeighbourState>([
  [1, 'incomplete'],
  [2, 'reachable'],
  [4, 'stale'],
  [8, 'delay'],
  [16, 'probe'],
  [32, 'failed'],
  [64, 'noarp'],
  [128, 'permanent'],
])

export interface Neighbour {
  readonly index: number
  readonly family: Family
  readonly address: IpAddress
  /** undefined while it is being resolved, and for proxy entries. */
  readonly mac: Mac | undefined
  readonly state: NeighbourState
  /** The host answers for this address on behalf of another. */
  readonly proxy: boolean
  /** Who made it (NDA_PROTOCOL, Linux 5.2). */
  readonly protocol: number
}

/** A permanent entry, or a proxy entry (no MAC needed). */
export interface NeighbourSpec {
  readonly index: number
  readonly address: IpAddress
  readonly mac?: Mac
  readonly proxy?: boolean
  readonly protocol?: number
}

/** RTM_NEWNEIGH or RTM_DELNEIGH. */
export function encodeNeighbour(spec: NeighbourSpec): Buffer {
  const writer = new Writer(64).header(headerSize, (buffer, start) => {
    buffer.writeUInt8(familyNumber(ipFamily(spec.address)), start)
    buffer.writeInt32LE(spec.index, start + 4)
    buffer.writeUInt16LE(NUD_PERMANENT, start + 8)
    buffer.writeUInt8(spec.proxy ? NTF_PROXY : 0, start + 10)
  })
  writer.raw(NDA_DST, ipBytes(spec.address))
  if (spec.mac !== undefined) writer.raw(NDA_LLADDR, macBytes(spec.mac))
  if (spec.protocol !== undefined) writer.u8(NDA_PROTOCOL, spec.protocol)
  return writer.bytes()
}

/** RTM_GETNEIGH: resolved entries, or the proxy entries, which the kernel keeps in a list of their own. */
export function encodeNeighbourDump(options: { family?: Family; index?: number; proxy?: boolean }): Buffer {
  const writer = new Writer(24).header(headerSize, (buffer, start) => {
    buffer.writeUInt8(options.family === undefined ? AF_UNSPEC : familyNumber(options.family), start)
    buffer.writeUInt8(options.proxy ? NTF_PROXY : 0, start + 10)
  })
  if (options.index !== undefined) writer.u32(NDA_IFINDEX, options.index)
  return writer.bytes()
}

/** Body of RTM_NEWNEIGH or RTM_DELNEIGH; undefined for other families (bridge forwarding entries). */
export function parseNeighbour({ buffer, start, end }: Message): Neighbour | undefined {
  const family = familyOf(buffer.readUInt8(start))
  if (family === undefined) return undefined
  let address: IpAddress | undefined
  let mac: Mac | undefined
  let protocol = 0
  const reader = new Reader(buffer, start + headerSize, end)
  while (reader.next()) {
    if (reader.type === NDA_DST) address = readIp(reader.buffer, reader.start, family)
    else if (reader.type === NDA_LLADDR) mac = readMac(reader.buffer, reader.start, reader.size)
    else if (reader.type === NDA_PROTOCOL) protocol = reader.u8()
  }
  if (address === undefined) return undefined
  return {
    index: buffer.readInt32LE(start + 4),
    family,
    address,
    mac,
    state: stateNames.get(buffer.readUInt16LE(start + 8)) ?? 'none',
    proxy: (buffer.readUInt8(start + 10) & NTF_PROXY) !== 0,
    protocol,
  }
}
