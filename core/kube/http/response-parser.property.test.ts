import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TransportError } from '../client/errors.ts'
import { type ResponseHead, ResponseParser } from './response-parser.ts'

interface Parsed {
  head: ResponseHead | undefined
  body: string
  ended: boolean | undefined
}

function parse(bytes: Buffer, cuts: readonly number[]): Parsed & { parser: ResponseParser } {
  const parsed: Parsed = { head: undefined, body: '', ended: undefined }
  const parser = new ResponseParser({
    head: head => {
      parsed.head = head
    },
    body: chunk => {
      parsed.body += chunk.toString('latin1')
    },
    end: reusable => {
      parsed.ended = reusable
    },
  })
  const edges = [...new Set([0, ...cuts.map(cut => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  for (const [i, edge] of edges.entries()) parser.push(bytes.subarray(edge, edges[i + 1] ?? edge))
  return Object.assign(parsed, { parser })
}

const body = fc.array(
  fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1')),
  { maxLength: 8 },
)
const cuts = fc.array(fc.nat(), { maxLength: 12 })
const chunked = (parts: readonly string[]) =>
  parts
    .filter(part => part !== '')
    .map(part => `${part.length.toString(16)};ext=1\r\n${part}\r\n`)
    .join('')

test('a body by Content-Length arrives whole, however the bytes are cut', () => {
  fc.assert(
    fc.property(body, cuts, (parts, at) => {
      const text = parts.join('')
      const parsed = parse(
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\nX-A: 1\r\nx-a: 2\r\n\r\n${text}`, 'latin1'),
        at,
      )
      expect(parsed.body).toBe(text)
      expect(parsed.ended).toBe(true)
      expect(parsed.head?.headers.get('x-a')).toBe('1, 2')
    }),
  )
})

test('a chunked body arrives whole, with trailers and after interim responses, however the bytes are cut', () => {
  fc.assert(
    fc.property(body, cuts, fc.boolean(), (parts, at, interim) => {
      const head = `${interim ? 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n' : ''}HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n`
      const parsed = parse(Buffer.from(`${head}${chunked(parts)}0\r\nTrailer: x\r\n\r\n`, 'latin1'), at)
      expect(parsed.head?.status).toBe(200)
      expect(parsed.body).toBe(parts.join(''))
      expect(parsed.ended).toBe(true)
    }),
  )
})

test('without a length the body ends with the connection', () => {
  const parsed = parse(Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc'), [3, 20])
  expect(parsed.ended).toBeUndefined()
  expect(parsed.parser.close()).toBe(true)
  expect(parsed).toMatchObject({ body: 'abc', ended: false })
})

test('a response that is cut off is not taken for a whole one', () => {
  expect(parse(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'), []).parser.close()).toBe(false)
})

test('"Connection: close" and HTTP/1.0 forbid another request', () => {
  expect(parse(Buffer.from('HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n'), []).ended).toBe(false)
  expect(parse(Buffer.from('HTTP/1.0 204 No Content\r\n\r\n'), []).ended).toBe(false)
})

test.each([
  ['no status line', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['a chunk size that is no number', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk longer than announced', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
  ['a header without colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
  ['bytes after the end', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'],
])('%s is refused with a text', (_what, bytes) => {
  expect(() => parse(Buffer.from(bytes), [])).toThrow(TransportError)
})

test('an endless header section is refused', () => {
  expect(() => parse(Buffer.from(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`), [])).toThrow(/65536/)
})
