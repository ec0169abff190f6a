import { parseCidr, parseIp } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { expect, it } from 'vitest'
import { healthyNode } from '../facts/node.fixture.ts'
import type { NodeFacts } from '../facts/node.ts'
import { JoinAddresses } from './join-addresses.ts'
import { Joins } from './joins.ts'

const ranges = [parseCidr('100.64.0.0/16'), parseCidr('fd98::/64')]

function node(name: string, recorded?: string): NodeFacts {
  const annotations: Record<string, string> = recorded === undefined ? {} : { 'zstack.io/node-join-address': recorded }
  return healthyNode(name, { annotations })
}

it('gives each node one address of each family, recorded ones first', () => {
  const nodes = new Store<NodeFacts>({ name: 'nodes' })
  nodes.replace([
    ['a', node('a')],
    ['b', node('b', '100.64.0.2/16,fd98::2/64')],
    ['c', node('c', 'nonsense')],
    ['d', node('d')],
  ])
  const joins = new Joins(nodes, ranges)
  using _ = joins.start(name => (name === 'd' ? [parseIp('100.64.0.9')] : []))
  expect(joins.store.get('b')).toEqual({ addresses: ['100.64.0.2', 'fd98::2'], index: 0 })
  expect(joins.store.get('a')?.addresses).toEqual(['100.64.0.3', 'fd98::3'])
  expect(joins.store.get('d')).toMatchObject({ addresses: ['100.64.0.9', expect.any(String)], index: 7 })
  nodes.delete('b')
  nodes.set('e', node('e'))
  expect(joins.store.has('b')).toBe(false)
  expect(joins.store.get('e')?.addresses[0]).toBe('100.64.0.5')
})

it('stays in its quarter of the join network, and serves a node that waits when another one goes', () => {
  const nodes = new Store<NodeFacts>({ name: 'nodes' })
  const joins = new Joins(nodes, [parseCidr('100.64.0.0/26')])
  using _ = joins.start(() => [])
  const names = Array.from({ length: 15 }, (_unused, i) => `n${i}`)
  for (const name of names) nodes.set(name, node(name))
  expect(joins.store.get('n13')?.addresses).toEqual(['100.64.0.15'])
  expect(joins.store.get('n14')).toBeUndefined()
  nodes.delete('n3')
  expect(joins.store.get('n14')?.addresses).toEqual(['100.64.0.5'])
})

it('never gives the router’s address', () => {
  const [v4] = ranges
  if (v4 === undefined) throw new Error('no range')
  const addresses = new JoinAddresses([v4])
  expect(addresses.take('a', [parseIp('100.64.0.1')])?.addresses).toEqual(['100.64.0.2'])
})
