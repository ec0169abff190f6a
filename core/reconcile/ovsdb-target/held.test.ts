import { describe, expect, it } from 'vitest'
import { HeldObjects } from './held.ts'
import type { Replica, ReplicaRow } from './replica.ts'

/** Groups have no external_ids; balancers do. */
function heldIn(groups: readonly ReplicaRow[], members?: string) {
  const ours = { _uuid: 'lb1', external_ids: new Map(Object.entries({ by: 'us', owner: 'service/a' })) }
  const theirs = { _uuid: 'lb2', external_ids: new Map(Object.entries({ by: 'them' })) }
  const rows: Record<string, readonly ReplicaRow[]> = { Load_Balancer: [ours, theirs], Load_Balancer_Group: groups }
  const replica: Replica = {
    ready: true,
    tables: () => Object.keys(rows),
    table: name => ({
      get: uuid => rows[name]?.find(({ _uuid }) => _uuid === uuid),
      rows: () => rows[name] ?? [],
      by: () => undefined,
      has: column => column !== 'external_ids' || name === 'Load_Balancer',
    }),
    isRoot: () => true,
    references: () => [],
    referring: table => new Map(table === 'Load_Balancer_Group' ? [['load_balancer', 'Load_Balancer']] : []),
    subscribe: () => ({ [Symbol.dispose]: () => {} }),
    transact: async () => ({ status: 'committed' }),
  }
  const held = new HeldObjects({
    name: 'nb',
    replica,
    ownership: { mark: ['by', 'us'], owner: 'owner', byMarkAlone: true },
    contributed: [],
    placed: [],
    unmarked: [{ table: 'Load_Balancer_Group', uuids: ['own'], names: ['pods'], ...(members && { members }) }],
    recalled: [],
  })
  return [...held.all()].map(({ object }) => object.key)
}

const group = (uuid: string, name: string, ...members: string[]) => ({
  _uuid: uuid,
  name,
  load_balancer: new Set(members),
})

describe('rows of a table without marks', () => {
  it('are ours by our UUID, whatever they are called', () => {
    expect(heldIn([group('own', 'renamed'), group('x', 'other')], 'load_balancer')).toEqual(['own', 'lb1'])
  })

  it('are ours by their name where nobody else chooses names', () => {
    expect(heldIn([group('x', 'pods'), group('y', 'other')])).toEqual(['x', 'lb1'])
  })

  it('elsewhere by their name only with members that are all ours, as after a restored backup', () => {
    expect(heldIn([group('x', 'pods', 'lb1')], 'load_balancer')).toEqual(['x', 'lb1'])
    expect(heldIn([group('x', 'pods')], 'load_balancer')).toEqual(['lb1'])
    expect(heldIn([group('x', 'pods', 'lb1', 'lb2')], 'load_balancer')).toEqual(['lb1'])
    expect(heldIn([group('x', 'mine', 'lb1')], 'load_balancer')).toEqual(['lb1'])
  })
})
