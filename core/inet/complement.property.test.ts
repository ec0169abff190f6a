import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cidrContains, cidrOf } from './cidr.ts'
import { complementOf } from './complement.ts'
import { type IpAddress, ipFromBigint } from './ip.ts'

const address = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value): IpAddress => ipFromBigint(value, 4))
const range = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([ip, length]) => cidrOf(ip, length))

it('an address is in the complement when no excluded network has it, and in one network of it only', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), fc.array(address), (excluded, addresses) => {
      const rest = complementOf(excluded, 4)
      for (const ip of [
        ...addresses,
        ...excluded.flatMap(({ first, last }) => [ipFromBigint(first, 4), ipFromBigint(last, 4)]),
      ]) {
        const outside = !excluded.some(one => cidrContains(one, ip))
        expect(rest.filter(one => cidrContains(one, ip))).toHaveLength(outside ? 1 : 0)
      }
    }),
  )
})

it('has at most one network for each bit of what is excluded', () => {
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 6 }), excluded => {
      const bits = excluded.reduce((sum, { prefixLength }) => sum + prefixLength, 0)
      expect(complementOf(excluded, 4).length).toBeLessThanOrEqual(bits)
    }),
  )
})

it('leaves the other family alone', () => {
  expect(complementOf([cidrOf(ipFromBigint(0n, 4), 8)], 6).map(({ text }) => text)).toEqual(['::/0'])
})
