import { describe, expect, it } from 'vitest'
import { joinMutations } from './join.ts'
import {
  absent,
  addToSet,
  deleteKeys,
  increment,
  insert,
  mutate,
  type Operation,
  remove,
  removeFromSet,
  select,
  setKeys,
  update,
} from './operations.ts'

const add = (uuid: string, ...values: string[]): Operation => mutate('T', uuid, [addToSet('ports', ...values)])

describe('joinMutations', () => {
  it('joins additions to one set across operations on other rows', () => {
    const { operations, places } = joinMutations([
      insert('P', '1', {}),
      add('a', 'x'),
      insert('P', '2', {}),
      add('a', 'y'),
      add('b', 'z'),
    ])
    expect(operations.map(({ op }) => op)).toEqual(['insert', 'mutate', 'insert', 'mutate'])
    expect(operations[1]).toEqual(add('a', 'x', 'y'))
    expect(places).toEqual([0, 1, 2, 1, 3])
  })

  it('keeps the order where it matters', () => {
    const { operations } = joinMutations([
      add('a', 'x'),
      mutate('T', 'a', [removeFromSet('ports', 'x')]),
      add('a', 'x'),
    ])
    expect(operations).toEqual([
      mutate('T', 'a', [addToSet('ports', 'x'), removeFromSet('ports', 'x'), addToSet('ports', 'x')]),
    ])
  })

  it.each([
    ['an update', update('T', 'a', {})],
    ['a deletion', remove('T', 'a')],
    ['arithmetic', mutate('T', 'a', [increment('n')])],
    ['a look at the table', select('T', ['ports'])],
    ['a guard over the table', absent('T', { name: 'x' })],
  ])('does not move a mutation past %s', (_, between) => {
    expect(joinMutations([add('a', 'x'), between, add('a', 'y')]).places).toEqual([0, 1, 2])
  })

  it('lets the last value of a map key win', () => {
    const first = mutate('T', 'a', [setKeys('m', { k: '1', l: '1' })])
    const { operations } = joinMutations([
      first,
      mutate('T', 'a', [setKeys('m', { k: '2' })]),
      mutate('T', 'a', [deleteKeys('m', 'x')]),
    ])
    const entries = new Map([
      ['k', '2'],
      ['l', '1'],
    ])
    expect(operations).toEqual([mutate('T', 'a', [{ kind: 'setKeys', column: 'm', entries }, deleteKeys('m', 'x')])])
  })

  it('leaves the operations given as they were', () => {
    const first = add('a', 'x')
    joinMutations([first, add('a', 'y'), add('a', 'z')])
    expect(first).toEqual(add('a', 'x'))
  })
})
