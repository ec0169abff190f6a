import { hostAddress, parseCidr, parseIp } from '@ovnkit/inet'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { gatewayRouterAddress, joinGateway, joinQuarter, nowhere, serviceSource } from './join-layout.ts'

const v4 = parseCidr('100.64.0.0/16')
const v6 = parseCidr('fd98::/64')

it('cuts the join network into quarters', () => {
  expect(joinQuarter(v4, 1)).toMatchObject({ family: 4, first: 0x64404000n, last: 0x64407fffn })
  expect(joinGateway(v4)).toBe('100.64.0.1')
  expect(nowhere(v4)).toBe('100.64.255.254')
  expect(nowhere(v6)).toBe('fd98::ffff:ffff:ffff:ffff')
})

it('puts a node’s further addresses at the offset of its management port', () => {
  expect(serviceSource(parseIp('100.64.0.7'), v4)).toBe('100.64.64.7')
  expect(gatewayRouterAddress(parseIp('100.64.0.7'), v4)).toBe('100.64.128.7')
  expect(serviceSource(parseIp('fd98::7'), v6)).toBe('fd98::4000:0:0:7')
})

it('never gives two nodes, or two purposes, one address', () => {
  const range = parseCidr('100.64.0.0/24')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 63 }), fc.integer({ min: 1, max: 63 }), (a, b) => {
      const all = [a, b]
        .map(n => hostAddress(range, n))
        .flatMap(one => [one, serviceSource(one, range), gatewayRouterAddress(one, range)])
      expect(new Set(all).size).toBe(a === b ? 3 : 6)
    }),
  )
})
