import { describe, expect, test } from 'vitest'
import { ProtocolError } from './errors.ts'
import { Framer } from './framer.ts'

function frame(...chunks: readonly (string | Buffer)[]): string[] {
  const messages: string[] = []
  const framer = new Framer({ message: text => messages.push(text) })
  for (const chunk of chunks) framer.add(Buffer.from(chunk as string))
  framer.run(() => false)
  return messages
}

describe('Framer', () => {
  test('separates objects that follow one another without anything between', () => {
    expect(frame('{"id":1}{"id":2}{"id":3}')).toEqual(['{"id":1}', '{"id":2}', '{"id":3}'])
  })

  test.each([' ', '\n', '\r\n\t '])('takes white space between objects: %j', space => {
    expect(frame(`${space}{}${space}{}${space}`)).toEqual(['{}', '{}'])
  })

  test('braces, quotes and backslashes in strings do not end an object', () => {
    const text = String.raw`{"a":"}{","b":"\"}","c":"\\","d":{"e":"\\\"{"}}`
    expect(frame(text, text)).toEqual([text, text])
  })

  test('a chunk may end between a backslash and what it escapes', () => {
    expect(frame('{"a":"\\', '"}"}')).toEqual([String.raw`{"a":"\"}"}`])
    expect(frame('{"a":"\\\\', '"}')).toEqual([String.raw`{"a":"\\"}`])
  })

  test('a chunk may end within a multi-byte character', () => {
    const bytes = Buffer.from('{"a":"żółw 🐢"}')
    for (let cut = 1; cut < bytes.length; cut++)
      expect(frame(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(['{"a":"żółw 🐢"}'])
  })

  test.each(['x', '[]', '"a"', '}', '1', ',{}'])('rejects what is no object: %s', garbage => {
    expect(() => frame(garbage)).toThrow(ProtocolError)
    expect(() => frame(`{}${garbage}`)).toThrow(ProtocolError)
  })

  test('stops when told to and goes on where it stopped', () => {
    const messages: string[] = []
    const framer = new Framer({ message: text => messages.push(text) })
    framer.add(Buffer.from('{"a":1}{"a":2}{"a"'))
    framer.add(Buffer.from(':3}'))
    framer.run(() => true)
    expect(messages).toEqual(['{"a":1}'])
    expect(framer.queued).toBe('{"a":2}{"a":3}'.length)
    framer.run(() => false)
    expect(messages).toEqual(['{"a":1}', '{"a":2}', '{"a":3}'])
    expect(framer.queued).toBe(0)
  })

  test('a big message that is no table update comes whole', () => {
    const text = JSON.stringify({
      id: 1,
      error: null,
      result: [{ rows: Array.from({ length: 5000 }, (_, i) => ({ i })) }],
    })
    const messages: string[] = []
    const framer = new Framer({
      message: message => messages.push(message),
      bulk: () => {
        throw new Error('not expected')
      },
    })
    for (let at = 0; at < text.length; at += 10_000) framer.add(Buffer.from(text.slice(at, at + 10_000)))
    framer.run(() => false)
    expect(messages).toEqual([text])
  })
})
