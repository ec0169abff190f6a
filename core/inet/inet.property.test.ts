import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrOf, type Family, formatRange, ipFromBigint, ipToBigint, parseCidr, parseIp, parseRange } from './index.ts'

const family = fc.constantFrom<Family>(4, 6)
const address = family.chain(f => fc.bigInt(0n, (1n << (f === 4 ? 32n : 128n)) - 1n).map(n => ipFromBigint(n, f)))
const sparseV6 = fc.array(fc.constantFrom(0, 0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 })

describe('addresses', () => {
  it('survive text and back, canonically', () => {
    fc.assert(
      fc.property(address, ip => {
        expect(parseIp(ip)).toBe(ip)
        expect(parseIp(ip.toUpperCase())).toBe(ip)
        expect(ipFromBigint(ipToBigint(ip), ip.includes(':') ? 6 : 4)).toBe(ip)
      }),
    )
  })

  it('have one text however the zeros are written', () => {
    fc.assert(
      fc.property(sparseV6, groups => {
        const long = groups.map(group => group.toString(16).padStart(4, '0')).join(':')
        const canonical = parseIp(long)
        expect(parseIp(canonical)).toBe(canonical)
        // The URL standard's serializer follows the same rules, but for the dotted form of mapped addresses.
        if (!canonical.includes('.')) expect(canonical).toBe(new URL(`http://[${long}]`).hostname.slice(1, -1))
      }),
    )
  })

  it('lie in every network cut from them', () => {
    fc.assert(
      fc.property(address, fc.nat(32), (ip, prefix) => {
        const cidr = cidrOf(ip, prefix)
        const value = ipToBigint(ip)
        expect(value >= cidr.first && value <= cidr.last).toBe(true)
        expect(parseCidr(cidr.text)).toEqual(cidr)
      }),
    )
  })

  it('make ranges that survive text and back', () => {
    fc.assert(
      fc.property(address, fc.nat(), (ip, size) => {
        const bits = ip.includes(':') ? 128n : 32n
        const first = ipToBigint(ip)
        const end = first + BigInt(size)
        const last = end >> bits === 0n ? end : first
        const range = { family: bits === 128n ? (6 as const) : (4 as const), first, last }
        expect(parseRange(formatRange(range))).toEqual(range)
      }),
    )
  })
})
