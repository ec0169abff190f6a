import { expect, test } from 'vitest'
import { facet } from './facet.ts'
import { Store } from './store.ts'

interface Value {
  readonly name: string
  readonly echo: string
}

test('subscribers hear of additions, removals and changes in their part, of nothing else', () => {
  const store = new Store<Value>({ name: 'values' })
  const names = facet<Pick<Value, 'name'>>(store, (a, b) => a.name === b.name)
  const heard: string[] = []
  names.subscribe((key, value, old) => heard.push(`${key}: ${old?.name} to ${value?.name}`))
  store.set('a', { name: 'x', echo: '' })
  store.set('a', { name: 'x', echo: 'written' })
  store.set('a', { name: 'y', echo: 'written' })
  store.delete('a')
  expect(heard).toEqual(['a: undefined to x', 'a: x to y', 'a: y to undefined'])
})

test('it reads what the store holds, and is synced when the store is', () => {
  const store = new Store<Value>({ name: 'values' })
  const names = facet<Pick<Value, 'name'>>(store, (a, b) => a.name === b.name)
  let synced = 0
  names.onSynced(() => synced++)
  store.replace([['a', { name: 'x', echo: '' }]])
  expect(names).toMatchObject({ name: 'values', synced: true, size: 1 })
  expect([names.get('a')?.name, names.has('b'), ...names.keys(), synced]).toEqual(['x', false, 'a', 1])
})
