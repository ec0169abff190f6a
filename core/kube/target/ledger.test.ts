import { expect, test } from 'vitest'
import { covers } from './compare.ts'
import { stampConditions } from './conditions.ts'
import { Ledger } from './ledger.ts'

const entry = (text: string, version: string, lasting = false) => ({ uid: 'u', text, version, lasting })

test('what was written holds until the watch is past it', () => {
  const ledger = new Ledger()
  ledger.wrote('k', entry('a', '100'), '99', 0)
  expect(ledger.judge('k', 'u', 'a', '99')).toBe('holds')
  expect(ledger.judge('k', 'u', 'b', '99')).toBe('overtaken')
  expect(ledger.judge('k', 'other', 'a', '99')).toBe('compare')
  ledger.shown('k', '99')
  expect(ledger.judge('k', 'u', 'a', '99')).toBe('holds')
  ledger.shown('k', '100')
  expect(ledger.judge('k', 'u', 'a', '100')).toBe('compare')
})

test('a watch that was faster than the answer leaves nothing to remember', () => {
  const ledger = new Ledger()
  ledger.wrote('k', entry('a', '100'), '101', 0)
  expect(ledger.judge('k', 'u', 'b', '101')).toBe('compare')
})

test('lasting entries hold as long as nobody changes the object', () => {
  const ledger = new Ledger()
  ledger.wrote('k', entry('a', '100', true), '99', 0)
  ledger.shown('k', '100')
  expect(ledger.judge('k', 'u', 'a', '100')).toBe('holds')
  expect(ledger.judge('k', 'u', 'a', '1000')).toBe('compare')
  expect(ledger.judge('k', 'u', 'b', '100')).toBe('compare')
})

test('the interval counts from the last write', () => {
  const ledger = new Ledger()
  expect(ledger.wait('k', 1_000, 5)).toBe(0)
  ledger.wrote('k', entry('a', '1'), undefined, 5)
  expect(ledger.wait('k', 1_000, 205)).toBe(800)
  expect(ledger.wait('k', 1_000, 1_005)).toBe(0)
})

test('covers: named members, whole arrays, nothing and null alike', () => {
  expect(covers({ a: 1, b: { c: [1, { d: 2, e: 3 }] } }, { b: { c: [1, { d: 2 }] } })).toBe(true)
  expect(covers({ a: [1, 2] }, { a: [1] })).toBe(false)
  expect(covers({ a: 1 }, { a: 1, gone: undefined })).toBe(true)
  expect(covers(undefined, { a: 1 })).toBe(false)
})

test('conditions keep their transition time while their status is the same', () => {
  const held = {
    conditions: [
      { type: 'Ready', status: 'True', lastTransitionTime: 'then' },
      { type: 'Full', status: 'False', lastTransitionTime: 'then' },
    ],
  }
  const desired = {
    x: 1,
    conditions: [
      { type: 'Ready', status: 'True', message: 'm' },
      { type: 'Full', status: 'True' },
    ],
  }
  expect(stampConditions(desired, held, 'now')).toEqual({
    x: 1,
    conditions: [
      { type: 'Ready', status: 'True', message: 'm', lastTransitionTime: 'then' },
      { type: 'Full', status: 'True', lastTransitionTime: 'now' },
    ],
  })
  expect(stampConditions({ x: 1 }, undefined, 'now')).toEqual({ x: 1 })
})
