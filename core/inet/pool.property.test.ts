import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AddressPool, type Cidr, hostAddress, type IpAddress, type IpRange, ipToBigint, parseCidr } from './index.ts'
import { PoolModel } from './pool.model.ts'

const cidrs = ['10.0.0.0/28', '10.1.0.0/29', '10.2.0.0/31', '10.3.0.1/32', 'fd00::/124', 'fd01::/127'].map(text =>
  parseCidr(text),
)

type Span = readonly [number, number]
type Step =
  | { do: 'next'; prefer?: Span }
  | { do: 'take' | 'adopt' | 'release'; at: number }
  | { do: 'exclude'; ranges: Span[] }

const at = fc.nat(15)
const span = fc.tuple(at, at).map(([a, b]): Span => (a < b ? [a, b] : [b, a]))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'next' } as const) },
  { weight: 2, arbitrary: span.map(prefer => ({ do: 'next', prefer }) as const) },
  { weight: 2, arbitrary: at.map(n => ({ do: 'take', at: n }) as const) },
  { weight: 1, arbitrary: at.map(n => ({ do: 'adopt', at: n }) as const) },
  { weight: 5, arbitrary: at.map(n => ({ do: 'release', at: n }) as const) },
  { weight: 1, arbitrary: fc.array(span, { maxLength: 3 }).map(ranges => ({ do: 'exclude', ranges }) as const) },
)

const rangeIn = ({ family, first }: Cidr, [a, b]: Span): IpRange => ({
  family,
  first: first + BigInt(a),
  last: first + BigInt(b),
})

function run(pool: AddressPool, model: PoolModel, step: Step): void {
  const { cidr } = model
  if (step.do === 'exclude') {
    const ranges = step.ranges.map(one => rangeIn(cidr, one))
    pool.setExcluded(ranges)
    model.exclude(ranges)
  } else if (step.do === 'next') {
    const prefer = step.prefer && rangeIn(cidr, step.prefer)
    const expected = model.next(prefer)
    expect(pool.allocateNext(prefer)).toBe(expected)
    if (expected !== undefined) model.take(expected)
  } else runOn(hostAddress(cidr, step.at % (Number(cidr.last - cidr.first) + 1)), step.do, pool, model)
}

function runOn(ip: IpAddress, verb: 'take' | 'adopt' | 'release', pool: AddressPool, model: PoolModel): void {
  if (verb === 'release') {
    expect(pool.release(ip)).toBe(model.release(ip))
    return
  }
  const barred = verb === 'take' && model.isExcluded(ip)
  const inside = model.all().includes(ip)
  const expected = !inside ? 'outside' : model.used.has(ip) ? 'taken' : barred ? 'excluded' : 'ok'
  expect(verb === 'take' ? pool.allocate(ip) : pool.adopt(ip)).toBe(expected)
  if (expected === 'ok') model.take(ip)
}

describe('AddressPool', () => {
  it('does what the plainest allocator does, step by step', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cidrs), fc.array(step, { maxLength: 120 }), (cidr, steps) => {
        const pool = new AddressPool(cidr)
        const model = new PoolModel(cidr)
        for (const one of steps) {
          run(pool, model, one)
          expect(pool.used).toBe(model.used.size)
          expect(pool.available).toBe(BigInt(model.free().length))
        }
        expect(new Set(pool.addresses())).toEqual(model.used)
      }),
      { numRuns: 500 },
    )
  })

  it('gives each address once, in range, never an excluded or reserved one, until none is left', () => {
    const exclude = fc.array(fc.tuple(fc.integer({ min: -20, max: 280 }), fc.nat(40)), { maxLength: 8 })
    fc.assert(
      fc.property(exclude, fc.nat(255), (spans, gatewayAt) => {
        const cidr = parseCidr('10.9.8.0/24')
        const gateway = hostAddress(cidr, gatewayAt)
        const ranges = spans.map(([a, n]) => rangeIn(cidr, [a, a + n]))
        const pool = new AddressPool(cidr, { exclude: ranges, reserved: [gateway] })
        const capacity = pool.available
        const given = new Set<IpAddress>()
        for (let ip = pool.allocateNext(); ip !== undefined; ip = pool.allocateNext()) given.add(ip)
        expect(BigInt(given.size)).toBe(capacity)
        expect(pool.available).toBe(0n)
        expect(given).not.toContain(gateway)
        for (const value of [...given].map(ipToBigint)) {
          expect(value > cidr.first && value < cidr.last).toBe(true)
          expect(ranges.some(range => value >= range.first && value <= range.last)).toBe(false)
        }
      }),
    )
  })

  it('reuses the last released address last', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: 254 }, (_, i) => i + 1)), order => {
        const cidr = parseCidr('10.0.0.0/24')
        const pool = new AddressPool(cidr)
        while (pool.allocateNext() !== undefined);
        const released = order.map(n => hostAddress(cidr, n))
        for (const ip of released) pool.release(ip)
        expect(released.map(() => pool.allocateNext())).toEqual(released)
      }),
    )
  })
})
