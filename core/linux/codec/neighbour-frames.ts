import { type IpAddress, type Mac, parseIp, parseMac } from '@ovnkit/inet'
import { ipBytes, macBytes } from './ip.ts'

/** Ethernet frames of ARP (RFC 826) and of IPv6 neighbour discovery (RFC 4861). */

export const broadcast = parseMac('ff:ff:ff:ff:ff:ff')
export const unknownMac = parseMac('00:00:00:00:00:00')
export const ETH_ARP = 0x0806
export const ETH_IPV6 = 0x86dd
export const ICMPV6 = 58

export const arpOperations = { request: 1, reply: 2 } as const

export interface ArpSpec {
  readonly operation: keyof typeof arpOperations
  readonly senderMac: Mac
  readonly sender: IpAddress
  readonly targetMac: Mac
  readonly target: IpAddress
}

/** An ARP packet to everybody on the link. */
export function arpFrame({ operation, senderMac, sender, targetMac, target }: ArpSpec): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(1, 0)
  header.writeUInt16BE(0x0800, 2)
  header.writeUInt8(6, 4)
  header.writeUInt8(4, 5)
  header.writeUInt16BE(arpOperations[operation], 6)
  const parties = [macBytes(senderMac), ipBytes(sender), macBytes(targetMac), ipBytes(target)]
  return ethernet(broadcast, senderMac, ETH_ARP, Buffer.concat([header, ...parties]))
}

export interface Icmp6Spec {
  readonly sourceMac: Mac
  readonly source: IpAddress
  /** A multicast address: its MAC follows from it (RFC 2464, section 7). */
  readonly destination: IpAddress
  /** Type, code and body; the checksum is filled in. Of an even number of bytes. */
  readonly message: Buffer
}

/** A message of neighbour discovery to a multicast group. */
export function icmp6Frame({ sourceMac, source, destination, message }: Icmp6Spec): Buffer {
  const addresses = Buffer.concat([ipBytes(source), ipBytes(destination)])
  const length = Buffer.alloc(8)
  length.writeUInt32BE(message.length, 0)
  length.writeUInt8(ICMPV6, 7)
  message.writeUInt16BE(checksum(Buffer.concat([addresses, length, message])), 2)
  const header = Buffer.alloc(8)
  header.writeUInt8(0x60, 0)
  header.writeUInt16BE(message.length, 4)
  header.writeUInt8(ICMPV6, 6)
  // Others are dropped: it proves that the frame was not routed (RFC 4861, 7.1.2).
  header.writeUInt8(255, 7)
  const payload = Buffer.concat([header, addresses, message])
  return ethernet(multicastMac(destination), sourceMac, ETH_IPV6, payload)
}

export const unspecified = { 4: parseIp('0.0.0.0'), 6: parseIp('::') } as const

function multicastMac(group: IpAddress): Mac {
  const last = [...ipBytes(group).subarray(12)].map(byte => byte.toString(16).padStart(2, '0'))
  return parseMac(`33:33:${last.join(':')}`)
}

function ethernet(destination: Mac, source: Mac, type: number, payload: Buffer): Buffer {
  const ethertype = Buffer.alloc(2)
  ethertype.writeUInt16BE(type)
  return Buffer.concat([macBytes(destination), macBytes(source), ethertype, payload])
}

/** RFC 1071, of an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
