import { describe, expect, test } from 'vitest'
import { Conditions } from './conditions.ts'

const byName = (name: string) => [['name', '==', name] as const]

async function settled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Promise.resolve().then(() => Promise.resolve(false))])
}

describe('Conditions', () => {
  test('one change is in flight, later ones merge behind it', async () => {
    const conditions = new Conditions()
    const first = conditions.set(new Map([['A', byName('1')]]))
    expect(conditions.next()).toEqual(new Map([['A', byName('1')]]))
    const second = conditions.set(new Map([['A', byName('2')]]))
    const third = conditions.set(new Map([['B', byName('3')]]))
    expect(conditions.next()).toBe(undefined)
    expect(conditions.acked('A')).toBe(undefined)
    expect(conditions.latest('A')).toEqual(byName('2'))
    conditions.succeed()
    await first
    expect(conditions.acked('A')).toEqual(byName('1'))
    expect(conditions.next()).toEqual(
      new Map([
        ['A', byName('2')],
        ['B', byName('3')],
      ]),
    )
    conditions.succeed()
    await Promise.all([second, third])
    expect(conditions.next()).toBe(undefined)
  })

  test('a refused change rejects and is forgotten', async () => {
    const conditions = new Conditions()
    const change = conditions.set(new Map([['A', byName('1')]]))
    conditions.next()
    conditions.fail(new Error('no such column'))
    await expect(change).rejects.toThrow('no such column')
    expect(conditions.latest('A')).toBe(undefined)
  })

  test('a change that was in flight when the connection went stays wanted, under later ones', async () => {
    const conditions = new Conditions()
    const first = conditions.set(
      new Map([
        ['A', byName('1')],
        ['B', byName('1')],
      ]),
    )
    conditions.next()
    const second = conditions.set(new Map([['A', byName('2')]]))
    expect(conditions.lost()).toBe(true)
    expect(conditions.lost()).toBe(false)
    expect(await settled(first)).toBe(false)
    expect(conditions.next()).toEqual(
      new Map([
        ['A', byName('2')],
        ['B', byName('1')],
      ]),
    )
    conditions.succeed()
    await Promise.all([first, second])
  })

  test('a change that was still waiting does not make the last transaction useless', () => {
    const conditions = new Conditions()
    void conditions.set(new Map([['A', byName('1')]]))
    expect(conditions.lost()).toBe(false)
    expect(conditions.acked('A')).toBe(undefined)
  })

  test('closing rejects what waits', async () => {
    const conditions = new Conditions()
    const change = conditions.set(new Map([['A', []]]))
    conditions.next()
    conditions.close(new Error('closed'))
    await expect(change).rejects.toThrow('closed')
  })
})
