import { type IpAddress, ipFamily, type Mac, parseIp } from '@ovnkit/inet'
import { ipBytes, macBytes } from './ip.ts'
import { arpFrame, broadcast, icmp6Frame, unknownMac } from './neighbour-frames.ts'

const allNodes = parseIp('ff02::1')

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
  const both = { senderMac: mac, sender: address, target: address }
  return [
    arpFrame({ ...both, operation: 'request', targetMac: unknownMac }),
    arpFrame({ ...both, operation: 'reply', targetMac: broadcast }),
  ]
}

function neighbourAdvertisement(address: IpAddress, mac: Mac): Buffer {
  const message = Buffer.alloc(32)
  message.writeUInt8(NEIGHBOUR_ADVERTISEMENT, 0)
  message.writeUInt8(OVERRIDE, 4)
  ipBytes(address).copy(message, 8)
  message.writeUInt8(TARGET_LINK_LAYER_ADDRESS, 24)
  message.writeUInt8(1, 25)
  macBytes(mac).copy(message, 26)
  return icmp6Frame({ sourceMac: mac, source: address, destination: allNodes, message })
}
