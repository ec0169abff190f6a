import { hostAddress, type IpAddress, parseCidr, parseRange } from '@ovnkit/inet'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NetworkAddresses } from './network-addresses.ts'

const range = parseCidr('10.0.0.0/27')
const gateway = hostAddress(range, 1)
const exclude = parseRange('10.0.0.8-10.0.0.11')
const usable = 30 - 1 - 4

const step = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), holder: fc.integer({ min: 0, max: 40 }) }),
  fc.record({
    kind: fc.constant('want' as const),
    holder: fc.integer({ min: 0, max: 40 }),
    host: fc.integer({ min: 0, max: 40 }),
  }),
  fc.record({
    kind: fc.constant('adopt' as const),
    holder: fc.integer({ min: 50, max: 53 }),
    host: fc.integer({ min: 2, max: 30 }),
  }),
  fc.record({ kind: fc.constant('drop' as const), holder: fc.integer({ min: 0, max: 53 }) }),
)

it('never gives an address to two, nor the gateway, nor an excluded one, and loses none', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const addresses = new NetworkAddresses({ ranges: [range], gateways: [gateway], exclude: [exclude] })
      const model = new Map<string, IpAddress[]>()
      const inUse = () => new Set([...model.values()].flat())
      for (const one of steps) {
        const holder = `h${one.holder}`
        if (one.kind === 'drop') {
          addresses.drop(holder)
          model.delete(holder)
        } else if (one.kind === 'adopt') {
          const address = hostAddress(range, one.host)
          addresses.adopt(holder, [address])
          model.set(holder, [...(model.get(holder) ?? []), address])
        } else if (!model.has(holder)) {
          const wanted = one.kind === 'want' && one.host < 32 ? [hostAddress(range, one.host)] : []
          const taken = addresses.take(holder, wanted)
          if (taken.kind === 'ok') {
            for (const address of taken.addresses) {
              expect(inUse().has(address)).toBe(false)
              expect([
                gateway,
                '10.0.0.8',
                '10.0.0.9',
                '10.0.0.10',
                '10.0.0.11',
                '10.0.0.0',
                '10.0.0.31',
              ]).not.toContain(address)
            }
            model.set(holder, [...taken.addresses])
          } else if (taken.kind === 'exhausted') {
            expect(addresses.available).toBe(0n)
          } else if (taken.kind === 'busy') {
            expect(inUse().has(taken.address)).toBe(true)
          }
        }
        expect(addresses.used).toBe(inUse().size)
      }
      for (const holder of model.keys()) addresses.drop(holder)
      expect(addresses.available).toBe(BigInt(usable))
    }),
  )
})

it('gives back what it took of one family when the other has nothing left', () => {
  const pair = new NetworkAddresses({
    ranges: [parseCidr('10.1.0.0/24'), parseCidr('fd00::/126')],
    gateways: [hostAddress(parseCidr('10.1.0.0/24'), 1), hostAddress(parseCidr('fd00::/126'), 1)],
    exclude: [],
  })
  expect(pair.take('a')).toEqual({ kind: 'ok', addresses: ['10.1.0.2', 'fd00::2'] })
  expect(pair.take('b').kind).toBe('ok')
  expect(pair.take('c')).toEqual({ kind: 'exhausted', family: 6 })
  expect([pair.used, pair.available]).toEqual([2, 0n])
})
