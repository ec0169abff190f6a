import { expect, test } from 'vitest'
import { resources } from '../resources.ts'
import { Correlator } from './correlator.ts'

const pod = (name: string) => ({ resource: resources.pods, namespace: 'n', name, uid: `uid-${name}` })
const note = (message: string) => ({ type: 'Warning', reason: 'Trouble', message }) as const

test('equal events are one occurrence that counts', () => {
  const correlator = new Correlator()
  const first = correlator.note(pod('a'), note('x'), 1_000).occurrence
  const again = correlator.note(pod('a'), note('x'), 2_000).occurrence
  expect(again).toBe(first)
  expect(again).toMatchObject({ count: 2, firstAt: 1_000, lastAt: 2_000 })
  expect(correlator.note(pod('b'), note('x'), 2_000).occurrence).not.toBe(first)
})

test('the eleventh different message in ten minutes joins a combined event', () => {
  const correlator = new Correlator()
  for (let i = 0; i < 10; i++) correlator.note(pod('a'), note(`m${i}`), i)
  const combined = correlator.note(pod('a'), note('m10'), 20).occurrence
  expect(combined.note.message).toBe('(combined from similar events) m10')
  expect(correlator.note(pod('a'), note('m11'), 21).occurrence).toBe(combined)
  expect(correlator.note(pod('a'), note('m3'), 22).occurrence.note.message).toBe('m3')
  expect(correlator.note(pod('a'), note('m12'), 600_100).occurrence.note.message).toBe('m12')
})

test('25 writes at once for an object, then one every five minutes; what is held back still counts', () => {
  const correlator = new Correlator()
  const sent = Array.from({ length: 40 }, () => correlator.note(pod('a'), note('x'), 0)).filter(({ send }) => send)
  expect(sent.length).toBe(25)
  expect(correlator.note(pod('b'), note('x'), 0).send).toBe(true)
  const later = correlator.note(pod('a'), note('x'), 300_000)
  expect(later.send).toBe(true)
  expect(later.occurrence.count).toBe(41)
})

test('messages are cut to what the API takes', () => {
  const { occurrence } = new Correlator().note(pod('a'), note('x'.repeat(5_000)), 0)
  expect(occurrence.note.message.length).toBe(1024)
})
