import { cidrOf, type Family, type IpAddress, ipFromBigint, type Mac, parseMac } from '@ovnkit/inet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeAddress, parseAddress, RTM_NEWADDR, scopes } from './address.ts'
import { Reader, Writer } from './bytes.ts'
import { ipBytes, macBytes, readIp, readMac } from './ip.ts'
import { encodeSetLink, parseLink, RTM_NEWLINK } from './link.ts'
import { eachMessage, frame, type Message, parseAcknowledgement } from './message.ts'
import { encodeNeighbour, parseNeighbour, RTM_NEWNEIGH } from './neighbour.ts'
import { encodeRoute, parseRoute, RTM_NEWROUTE } from './route.ts'
import { encodeRule, parseRule, RTM_NEWRULE } from './rule.ts'

const uint = (bits: 8 | 16 | 32) => fc.integer({ min: 0, max: 2 ** bits - 1 })
const ipOf = (family: Family): fc.Arbitrary<IpAddress> =>
  fc.bigInt(0n, (1n << (family === 4 ? 32n : 128n)) - 1n).map(n => ipFromBigint(n, family))
const family: fc.Arbitrary<Family> = fc.constantFrom(4, 6)
const ip = family.chain(ipOf)
const mac: fc.Arbitrary<Mac> = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(bytes =>
  parseMac(
    Buffer.from(bytes)
      .toString('hex')
      .replace(/..(?!$)/g, '$&:'),
  ),
)
const cidrIn = (of: Family) =>
  fc
    .tuple(ipOf(of), fc.integer({ min: 1, max: of === 4 ? 32 : 128 }))
    .map(([address, length]) => cidrOf(address, length))
const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,14}$/)

function received(type: number, body: Uint8Array): Message {
  const buffer = frame(type, 0, 1, body)
  const found: Message[] = []
  eachMessage(buffer, buffer.length, message => found.push(message))
  const [message] = found
  if (!message) throw new Error('no message in the frame')
  return message
}

describe('bytes', () => {
  test('addresses and MACs survive the way to bytes and back', () => {
    fc.assert(
      fc.property(ip, mac, (address, hardware) => {
        const bytes = ipBytes(address)
        expect(readIp(bytes, 0, bytes.length === 4 ? 4 : 6)).toBe(address)
        expect(readMac(macBytes(hardware), 0, 6)).toBe(hardware)
      }),
    )
  })

  test('attributes are read back in order, whatever their sizes and however deep', () => {
    const attribute = fc.record({
      type: fc.integer({ min: 1, max: 0x3fff }),
      value: fc.uint8Array({ maxLength: 600 }),
      nested: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(attribute), attributes => {
        const writer = new Writer(8)
        for (const { type, value, nested } of attributes) {
          if (nested) writer.nest(type, inner => inner.raw(7, value))
          else writer.raw(type, value)
        }
        const bytes = writer.bytes()
        const reader = new Reader(bytes, 0, bytes.length)
        for (const { type, value, nested } of attributes) {
          expect(reader.next()).toBe(true)
          expect(reader.type).toBe(type)
          const holder = nested ? reader.nested() : reader
          if (nested) expect(holder.next() && holder.type).toBe(7)
          expect(holder.copy()).toEqual(Buffer.from(value))
        }
        expect(reader.next()).toBe(false)
      }),
    )
  })

  test('any bytes at all are read without an exception and without leaving their bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const reader = new Reader(Buffer.from(bytes), 0, bytes.length)
        while (reader.next()) expect(reader.end).toBeLessThanOrEqual(bytes.length)
        eachMessage(Buffer.from(bytes), bytes.length, message => expect(message.end).toBeLessThanOrEqual(bytes.length))
      }),
    )
  })

  test('messages in one datagram are told apart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(uint(16), uint(32), fc.uint8Array({ maxLength: 60 })), { minLength: 1 }),
        messages => {
          const datagram = Buffer.concat(messages.map(([type, sequence, body]) => frame(type, 0, sequence, body)))
          const found: unknown[] = []
          eachMessage(datagram, datagram.length, ({ type, sequence, buffer, start, end }) =>
            found.push([type, sequence, new Uint8Array(buffer.subarray(start, end))]),
          )
          expect(found).toEqual(messages)
        },
      ),
    )
  })
})

test('an error carries its number and the kernel’s text, with the request capped or whole', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 133 }),
      fc.string({ maxLength: 80 }).map(text => text.replaceAll('\0', '')),
      fc.boolean(),
      fc.uint8Array({ maxLength: 50 }),
      (errno, detail, capped, body) => {
        const request = frame(16, 0, 9, body)
        const head = Buffer.alloc(4)
        head.writeInt32LE(-errno)
        const answer = Buffer.concat([
          head,
          capped ? request.subarray(0, 16) : request,
          new Writer().text(1, detail).bytes(),
        ])
        const message = { ...received(2, answer), flags: 0x200 | (capped ? 0x100 : 0) }
        expect(parseAcknowledgement(message)).toEqual({ errno, detail })
      },
    ),
  )
})

describe('what is asked of the kernel reads back as what the kernel would report', () => {
  test('links', () => {
    const changes = fc.record({
      name,
      mac,
      mtu: uint(16),
      alias: fc.stringMatching(/^[ -~]{0,40}$/),
      master: uint(16),
      txQueueLength: uint(16),
      up: fc.boolean(),
    })
    fc.assert(
      fc.property(uint(16), changes, (index, wanted) => {
        expect(parseLink(received(RTM_NEWLINK, encodeSetLink(index, wanted)))).toMatchObject({ index, ...wanted })
      }),
    )
  })

  test('addresses', () => {
    const scope = fc.constantFrom(...(Object.keys(scopes) as (keyof typeof scopes)[]))
    fc.assert(
      fc.property(
        ip,
        uint(16),
        fc.integer({ min: 0, max: 32 }),
        scope,
        fc.boolean(),
        uint(8),
        (address, index, prefixLength, of, noPrefixRoute, protocol) => {
          const parsed = parseAddress(
            received(RTM_NEWADDR, encodeAddress({ index, address, prefixLength, scope: of, noPrefixRoute, protocol })),
          )
          expect(parsed).toMatchObject({
            index,
            address,
            prefixLength,
            scope: of,
            noPrefixRoute,
            protocol,
            peer: undefined,
            nodad: address.includes(':'),
          })
        },
      ),
    )
  })

  test('routes, also through a gateway of the other family', () => {
    const route = family.chain(of =>
      fc.record(
        {
          destination: cidrIn(of),
          table: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
          protocol: uint(8),
          via: ip,
          index: uint(16),
          metric: uint(32),
          source: ipOf(of),
          mtu: fc.integer({ min: 1, max: 65_535 }),
          onlink: fc.boolean(),
        },
        { requiredKeys: ['destination'] },
      ),
    )
    fc.assert(
      fc.property(route, wanted => {
        expect(parseRoute(received(RTM_NEWROUTE, encodeRoute(wanted)))).toMatchObject(wanted)
      }),
    )
  })

  test('rules', () => {
    const rule = family.chain(of =>
      fc.record(
        {
          family: fc.constant(of),
          priority: uint(32),
          table: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
          source: cidrIn(of),
          destination: cidrIn(of),
          inputLink: name,
          outputLink: name,
          mark: uint(32),
          mask: uint(32),
          suppressPrefixLength: fc.integer({ min: 0, max: 128 }),
          invert: fc.boolean(),
          protocol: uint(8),
        },
        { requiredKeys: ['family', 'priority'] },
      ),
    )
    fc.assert(
      fc.property(rule, wanted => {
        expect(parseRule(received(RTM_NEWRULE, encodeRule(wanted)))).toMatchObject(wanted)
      }),
    )
  })

  test('neighbours', () => {
    fc.assert(
      fc.property(ip, mac, uint(16), fc.boolean(), uint(8), (address, hardware, index, proxy, protocol) => {
        const parsed = parseNeighbour(
          received(RTM_NEWNEIGH, encodeNeighbour({ index, address, mac: hardware, proxy, protocol })),
        )
        expect(parsed).toEqual({
          index,
          family: address.includes(':') ? 6 : 4,
          address,
          mac: hardware,
          state: 'permanent',
          proxy,
          protocol,
        })
      }),
    )
  })
})
