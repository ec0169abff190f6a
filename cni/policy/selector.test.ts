import { describe, expect, it } from 'vitest'
import { PolicyMistake } from './mistake.ts'
import { anything, neededLabel, parseSelector, selectorText, selects } from './selector.ts'

const labels = { app: 'web', tier: '' }
const one = (key: string, operator: string, ...values: string[]) => ({ matchExpressions: [{ key, operator, values }] })

describe('a selector', () => {
  it('is the same however it was written', () => {
    const plain = parseSelector({ matchLabels: { b: '2', a: '1' } })
    const written = parseSelector({
      matchLabels: { a: '1' },
      matchExpressions: [
        { key: 'b', operator: 'In', values: ['2', '2'] },
        { key: 'a', operator: 'In', values: ['1'] },
      ],
    })
    expect(written).toEqual(plain)
    expect(selectorText(plain)).toBe('a=1,b=2')
  })

  it('without requirements selects everything', () => {
    expect(parseSelector({})).toEqual(anything)
    expect(parseSelector({ matchLabels: null, matchExpressions: null })).toEqual(anything)
    expect(selects(anything, {})).toBe(true)
  })

  it.each([
    [one('app', 'In', 'web', 'db'), true],
    [one('app', 'NotIn', 'web'), false],
    [one('other', 'NotIn', 'web'), true],
    [one('tier', 'Exists'), true],
    [one('tier', 'In', ''), true],
    [one('other', 'Exists'), false],
    [one('other', 'DoesNotExist'), true],
    [one('tier', 'DoesNotExist'), false],
    [one('toString', 'Exists'), false],
    [{ matchLabels: { app: 'web', tier: 'x' } }, false],
  ])('%j: %s', (written, expected) => {
    expect(selects(parseSelector(written), labels)).toBe(expected)
  })

  it.each([one('app', 'Gt', '1'), one('app', 'In'), one('app', 'NotIn')])('%j is a mistake', written => {
    expect(() => parseSelector(written)).toThrow(PolicyMistake)
  })

  it('names a label without which it selects nothing', () => {
    expect(neededLabel(parseSelector({ matchLabels: { app: 'web' }, ...one('tier', 'Exists') }))).toBe('app=web')
    expect(neededLabel(parseSelector(one('app', 'In', 'a', 'b')))).toBeUndefined()
  })

  it('reads as kubectl takes it', () => {
    const { matchExpressions: several } = one('a', 'In', 'y', 'x')
    const expressions = [...several, ...one('b', 'NotIn', 'z').matchExpressions, ...one('c', 'Exists').matchExpressions]
    expect(selectorText(parseSelector({ matchExpressions: expressions }))).toBe('a in (x,y),b!=z,c')
  })
})
