import { type IpAddress, ipFamily, type Mac, parseIp, parseMac } from '@ovnkit/inet'
import { ipBytes, macBytes } from './ip.ts'

const broadcast = parseMac('ff:ff:ff:ff:ff:ff')
const unknownMac = parseMac('00:00:00:00:00:00')
const allNodes = parseIp('ff02::1')
const allNodesMac = parseMac('33:33:00:00:00:01')

const ETH_ARP = 0x0806
const ETH_IPV6 = 0x86dd
const ARP_REQUEST = 1
const ARP_REPLY = 2
const ICMPV6 = 58
const NEIGHBOUR_ADVERTISEMENT = 136
/** "Override the entry that you have" (RFC 4861, 4.4). */
const OVERRIDE = 0x20
const TARGET_LINK_LAYER_ADDRESS = 2

/**
 * Frames that tell everybody on the link that an address lives at a MAC now: for IPv4 a gratuitous ARP in both of its forms, since there are machines that
 * heed only one of them (RFC 5227, section 3); for IPv6 an unsolicited neighbour advertisement to all nodes (RFC 4861, 7.2.6).
 */
export function announcements(address: IpAddress, mac: Mac): Buffer[] {
  if (ipFamily(address) === 6) return [neighbourAdvertisement(address, mac)]
  return [arp(ARP_REQUEST, address, mac), arp(ARP_REPLY, address, mac)]
}

/** RFC 826; sender and target are the same address. */
function arp(operation: number, address: IpAddress, mac: Mac): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(1, 0)
  header.writeUInt16BE(0x0800, 2)
  header.writeUInt8(6, 4)
  header.writeUInt8(4, 5)
  header.writeUInt16BE(operation, 6)
  const target = macBytes(operation === ARP_REQUEST ? unknownMac : broadcast)
  const own = ipBytes(address)
  return ethernet(broadcast, mac, ETH_ARP, Buffer.concat([header, macBytes(mac), own, target, own]))
}

function neighbourAdvertisement(address: IpAddress, mac: Mac): Buffer {
  const message = Buffer.alloc(32)
  message.writeUInt8(NEIGHBOUR_ADVERTISEMENT, 0)
  message.writeUInt8(OVERRIDE, 4)
  ipBytes(address).copy(message, 8)
  message.writeUInt8(TARGET_LINK_LAYER_ADDRESS, 24)
  message.writeUInt8(1, 25)
  macBytes(mac).copy(message, 26)
  const addresses = Buffer.concat([ipBytes(address), ipBytes(allNodes)])
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
  return ethernet(allNodesMac, mac, ETH_IPV6, Buffer.concat([header, addresses, message]))
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
