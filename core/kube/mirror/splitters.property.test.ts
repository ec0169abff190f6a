import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ItemSplitter } from './item-splitter.ts'
import { LineSplitter } from './line-splitter.ts'
import { withoutManagedFields } from './managed-fields.ts'

const item = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())
const cuts = fc.array(fc.nat(), { maxLength: 12 })

function feed(bytes: Buffer, at: readonly number[], push: (chunk: Buffer) => void): void {
  const edges = [...new Set([0, ...at.map(cut => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  for (const [i, edge] of edges.entries()) {
    // As the connection does: one buffer that is written over by the next read.
    const chunk = Buffer.from(bytes.subarray(edge, edges[i + 1] ?? edge))
    push(chunk)
    chunk.fill(0)
  }
}

function split(text: string, at: readonly number[]) {
  const items: unknown[] = []
  const splitter = new ItemSplitter(json => items.push(JSON.parse(json.toString('utf8'))))
  feed(Buffer.from(text), at, chunk => splitter.push(chunk))
  return { items, envelope: splitter.envelope() }
}

test('a list is its items and its envelope, however the bytes are cut and wherever metadata stands', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 6 }), cuts, fc.boolean(), (items, at, metadataLast) => {
      const metadata = { resourceVersion: '7', continue: 'a"]}{[\\' }
      const list = metadataLast
        ? { apiVersion: 'v1', items, kind: 'XList', metadata }
        : { kind: 'XList', metadata, items }
      const result = split(JSON.stringify(list), at)
      expect(result.items).toEqual(JSON.parse(JSON.stringify(items)))
      expect(result.envelope).toEqual({ ...list, items: [] })
    }),
  )
})

test('a list without items, or with null for them', () => {
  expect(split('{"kind":"XList","metadata":{},"items":[]}', [5])).toEqual({
    items: [],
    envelope: { kind: 'XList', metadata: {}, items: [] },
  })
  expect(split('{"metadata":{},"items":null}', []).envelope).toEqual({ metadata: {}, items: null })
})

test('a list that is cut off is not taken for a whole one', () => {
  expect(() => split('{"metadata":{},"items":[{"a":1},{"b"', [])).toThrow(SyntaxError)
})

test('lines arrive whole and in order, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.json(), { maxLength: 8 }), cuts, (values, at) => {
      const lines: string[] = []
      const splitter = new LineSplitter(line => lines.push(line.toString('utf8')))
      feed(Buffer.from(values.map(value => `${value}\n`).join('')), at, chunk => splitter.push(chunk))
      expect(lines).toEqual(values)
    }),
  )
})

test('managedFields are emptied, everything else stays as it is', () => {
  fc.assert(
    fc.property(item, fc.array(item, { maxLength: 3 }), item, (labels, managedFields, spec) => {
      const object = (fields: unknown[]) => ({ metadata: { labels, managedFields: fields, name: 'x' }, spec })
      const text = JSON.stringify(object(managedFields))
      expect(JSON.parse(withoutManagedFields(Buffer.from(text)))).toEqual(JSON.parse(JSON.stringify(object([]))))
    }),
  )
})

test('a text that contains the words is no managedFields', () => {
  const object = { metadata: { annotations: { last: '{"metadata":{"managedFields":[{"x":1}]}}' } } }
  expect(JSON.parse(withoutManagedFields(Buffer.from(JSON.stringify(object))))).toEqual(object)
})
