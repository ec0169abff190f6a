import { type Answer, encode, type Packet } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { answeredName, readAnswer } from './answer.ts'

const message = (name: string, answers: Answer[], more: Partial<Packet> = {}): Buffer =>
  encode({ type: 'response', questions: [{ type: 'A', name }], answers, ...more })

const read = (bytes: Buffer) => {
  const name = answeredName(bytes)
  return name === undefined ? undefined : { name, ...readAnswer(bytes, name) }
}

const a = (name: string, data: string, ttl = 300): Answer => ({ type: 'A', name, data, ttl })
const alias = (name: string, data: string, ttl = 300): Answer => ({ type: 'CNAME', name, data, ttl })

describe('an answer of a DNS server', () => {
  it('tells the addresses of the name that was asked for, both families, each once', () => {
    const answers: Answer[] = [
      a('www.example.com', '192.0.2.1'),
      a('www.example.com', '192.0.2.1', 60),
      { type: 'AAAA', name: 'www.example.com', data: '2001:db8:0:0::1', ttl: 120 },
    ]
    expect(read(message('WWW.Example.com', answers))).toEqual({
      name: 'www.example.com',
      addresses: ['192.0.2.1', '2001:db8::1'],
      ttl: 60,
    })
  })

  it('leads through aliases, whatever their order, and holds as long as the shortest of them', () => {
    const answers = [
      a('edge.cdn.example.net', '192.0.2.7', 300),
      alias('cdn.example.net', 'Edge.CDN.example.net', 20),
      alias('www.example.com', 'cdn.example.net', 3600),
    ]
    expect(read(message('www.example.com', answers))).toEqual({
      name: 'www.example.com',
      addresses: ['192.0.2.7'],
      ttl: 20,
    })
  })

  it.each([
    ['records about names that nobody asked for', message('a.example.com', [a('www.example.com', '192.0.2.1')])],
    [
      'aliases that turn in a circle',
      message('a.b', [alias('a.b', 'c.d'), alias('c.d', 'a.b'), a('x.y', '192.0.2.1')]),
    ],
    ['an alias without an address', message('a.b', [alias('a.b', 'c.d')])],
    ['records of another kind', message('a.b', [{ type: 'TXT', name: 'a.b', data: '192.0.2.1' }])],
  ])('tells nothing by %s', (_, bytes) => {
    expect(read(bytes)?.addresses).toBeUndefined()
  })

  it('that is cut short tells what is there', () => {
    const cut = message('a.b', [a('a.b', '192.0.2.1')], { flags: 0x0200 })
    expect(read(cut)).toMatchObject({ addresses: ['192.0.2.1'] })
  })

  it.each([
    ['a question', encode({ type: 'query', questions: [{ type: 'A', name: 'a.b' }] })],
    ['an error', message('a.b', [a('a.b', '192.0.2.1')], { flags: 3 })],
    [
      'two questions',
      message('', [], {
        questions: [
          { type: 'A', name: 'a.b' },
          { type: 'AAAA', name: 'a.b' },
        ],
      }),
    ],
    ['a name with letters that no host has', message('k\u212a.example.com', [])],
    ['the name of the root', message('.', [])],
    ['nothing', Buffer.alloc(0)],
  ])('is none: %s', (_, bytes) => {
    expect(answeredName(bytes)).toBeUndefined()
  })

  it('to a name with a dot inside of a label is not taken for one of two labels', () => {
    const bytes = message('www_example.com', [])
    bytes.write('.', bytes.indexOf('_'))
    expect(answeredName(bytes)).toBeUndefined()
  })
})
