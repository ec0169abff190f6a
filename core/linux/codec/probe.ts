import { type IpAddress, ipFamily, ipFromBigint, ipToBigint, type Mac, parseIp } from '@ovnkit/inet'
import { ipBytes, readIp, readMac } from './ip.ts'
import { arpFrame, ETH_ARP, ETH_IPV6, ICMPV6, icmp6Frame, unknownMac, unspecified } from './neighbour-frames.ts'

const NEIGHBOUR_SOLICITATION = 135
const NEIGHBOUR_ADVERTISEMENT = 136

/**
 * A frame that asks whether somebody has an address, and that leaves no trace in anybody's tables because it names no asker: an ARP probe (RFC 5227, 1.1), or a
 * neighbour solicitation of duplicate address detection (RFC 4862, 5.4.2).
 *
 * @param mac of the link that asks
 */
export function probeFrame(address: IpAddress, mac: Mac): Buffer {
  if (ipFamily(address) === 4) {
    const sender = unspecified[4]
    return arpFrame({ operation: 'request', senderMac: mac, sender, targetMac: unknownMac, target: address })
  }
  const message = Buffer.alloc(24)
  message.writeUInt8(NEIGHBOUR_SOLICITATION, 0)
  ipBytes(address).copy(message, 8)
  return icmp6Frame({ sourceMac: mac, source: unspecified[6], destination: solicitedNode(address), message })
}

/** RFC 4291, 2.7.1. */
function solicitedNode(address: IpAddress): IpAddress {
  return ipFromBigint(ipToBigint(parseIp('ff02::1:ff00:0')) | (ipToBigint(address) & 0xffffffn), 6)
}

/** Who says that an address is his. */
export interface AddressClaim {
  readonly address: IpAddress
  readonly mac: Mac
}

/**
 * Reads who a frame says to have an address: the sender of any ARP packet, the target of a neighbour advertisement. Another one's probe is no claim: he hears ours as
 * we hear his, and gives way (RFC 5227, 2.1.1).
 *
 * @param frame as it came, without a VLAN tag
 */
export function readClaim(frame: Buffer): AddressClaim | undefined {
  if (frame.length < 14) return undefined
  const type = frame.readUInt16BE(12)
  if (type === ETH_ARP) return arpClaim(frame.subarray(14))
  return type === ETH_IPV6 ? advertised(frame) : undefined
}

function arpClaim(packet: Buffer): AddressClaim | undefined {
  if (packet.length < 28 || packet.readUInt32BE(0) !== 0x00010800 || packet.readUInt16BE(4) !== 0x0604) return undefined
  return claim(readIp(packet, 14, 4), readMac(packet, 8, 6))
}

function advertised(frame: Buffer): AddressClaim | undefined {
  const packet = frame.subarray(14)
  const message = packet.subarray(40)
  if (message.length < 24 || packet.readUInt8(6) !== ICMPV6 || packet.readUInt8(7) !== 255) return undefined
  if (message.readUInt8(0) !== NEIGHBOUR_ADVERTISEMENT) return undefined
  return claim(readIp(message, 8, 6), readMac(frame, 6, 6))
}

const claim = (address: IpAddress, mac: Mac | undefined): AddressClaim | undefined =>
  mac === undefined || address === unspecified[4] ? undefined : { address, mac }
