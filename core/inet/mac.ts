import { InetError } from './error.ts'
import { type IpAddress, ipFamily, ipToBigint } from './ip.ts'

declare const macBrand: unique symbol
/** A 48-bit MAC address: six lower-case pairs with colons. */
export type Mac = string & { readonly [macBrand]: true }

/**
 * Parse `AA:bb:...`, `aa-bb-...` into the canonical form.
 * @throws InetError `syntax`
 */
export function parseMac(text: string): Mac {
  if (!/^[\da-f]{2}([:-])([\da-f]{2}\1){4}[\da-f]{2}$/i.test(text)) {
    throw new InetError('syntax', `expected a MAC address like 0a:58:0a:f4:00:02, got ${JSON.stringify(text)}`)
  }
  return text.toLowerCase().replaceAll('-', ':') as Mac
}

/**
 * The MAC of a port: 0a:58 (locally administered, unicast) and the four octets of its IPv4 address. For an IPv6
 * address the low 32 bits are mixed with a hash of the rest: stable, and different within any /96.
 */
export function macFromIp(ip: IpAddress): Mac {
  const value = ipToBigint(ip)
  const low = Number(value & 0xffffffffn)
  const tail = ipFamily(ip) === 4 ? low : low ^ fold(value >> 32n)
  const pairs = [24, 16, 8, 0].map(shift => ((tail >>> shift) & 255).toString(16).padStart(2, '0'))
  return `0a:58:${pairs.join(':')}` as Mac
}

/** FNV-1a over the 12 bytes of a 96-bit integer. */
function fold(value: bigint): number {
  let hash = 0x811c9dc5
  for (let shift = 88n; shift >= 0n; shift -= 8n) {
    hash = Math.imul(hash ^ Number((value >> shift) & 255n), 0x01000193)
  }
  return hash
}
