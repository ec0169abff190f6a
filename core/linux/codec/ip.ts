import {
  type Family,
  type IpAddress,
  ipFamily,
  ipFromBigint,
  ipToBigint,
  type Mac,
  parseIp,
  parseMac,
} from '@ovnkit/inet'

/** Address families as the kernel numbers them. */
export const AF_UNSPEC = 0
export const AF_INET = 2
export const AF_INET6 = 10

export const familyNumber = (family: Family): number => (family === 4 ? AF_INET : AF_INET6)

/** undefined for families that are neither IPv4 nor IPv6 (bridge, MPLS, ...). */
export function familyOf(number: number): Family | undefined {
  if (number === AF_INET) return 4
  return number === AF_INET6 ? 6 : undefined
}

/** 4 or 16 bytes in network order. */
export function ipBytes(ip: IpAddress): Buffer {
  const family = ipFamily(ip)
  let rest = ipToBigint(ip)
  const bytes = Buffer.alloc(family === 4 ? 4 : 16)
  if (family === 4) bytes.writeUInt32BE(Number(rest))
  else
    for (let at = 8; at >= 0; at -= 8) {
      bytes.writeBigUInt64BE(rest & 0xffffffffffffffffn, at)
      rest >>= 64n
    }
  return bytes
}

/** The address in `buffer[start, start + 4 or 16)`. */
export function readIp(buffer: Buffer, start: number, family: Family): IpAddress {
  if (family === 4) return ipFromBigint(BigInt(buffer.readUInt32BE(start)), 4)
  return ipFromBigint((buffer.readBigUInt64BE(start) << 64n) | buffer.readBigUInt64BE(start + 8), 6)
}

export const anyAddress = (family: Family): IpAddress => parseIp(family === 4 ? '0.0.0.0' : '::')

export function macBytes(mac: Mac): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex')
}

/** undefined unless the bytes are a six-byte Ethernet address. */
export function readMac(buffer: Buffer, start: number, size: number): Mac | undefined {
  if (size !== 6) return undefined
  return parseMac(buffer.toString('hex', start, start + 6).replace(/..(?!$)/g, '$&:'))
}
