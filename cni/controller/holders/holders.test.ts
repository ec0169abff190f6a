import { annotationNames } from '@ovnkit/cni-api'
import { type IpAddress, parseIp } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { expect, it } from 'vitest'
import { healthyNode } from '../facts/node.fixture.ts'
import type { NodeFacts } from '../facts/node.ts'
import { Holders } from './holders.ts'
import type { Life } from './pulse.ts'

const withAgent = (name: string, more: Partial<NodeFacts> = {}) =>
  healthyNode(name, {
    internal: [parseIp(`192.0.2.${name.slice(1)}`)],
    annotations: { [annotationNames.node.chassis]: name },
    ...more,
  })

function world() {
  const nodes = new Store<NodeFacts>({ name: 'nodes' })
  const lives = new Store<Life>({ name: 'lives' })
  let watched: ReadonlyMap<string, IpAddress> = new Map()
  const watch = (all: ReadonlyMap<string, IpAddress>) => {
    watched = all
  }
  const holders = new Holders({ nodes, prober: { lives, watch } })
  return { nodes, lives, holders, watched: () => [...watched.keys()].sort() }
}

it('moves what a silent node holds, once, and keeps it there', async () => {
  const { nodes, lives, holders } = world()
  for (const name of ['n1', 'n2']) nodes.set(name, withAgent(name))
  holders.claims.set('a', { balancer: false })
  holders.start(new Map([['a', 'n1']]))
  expect(holders.store.get('a')).toBe('n1')
  const moves: string[] = []
  holders.store.subscribe((_, node) => void moves.push(node ?? 'nobody'))
  lives.set('n1', 'silent')
  await Promise.resolve()
  lives.set('n1', 'answers')
  await Promise.resolve()
  nodes.set('n3', withAgent('n3'))
  await Promise.resolve()
  expect(moves).toEqual(['n2'])
})

it('chooses no node without an agent, and watches nobody without need', async () => {
  const { nodes, holders, watched } = world()
  nodes.set('n1', withAgent('n1'))
  nodes.set('n2', healthyNode('n2', { internal: [parseIp('192.0.2.2')] }))
  nodes.set('n3', withAgent('n3', { labels: { gateway: '' } }))
  holders.start(new Map())
  expect(watched()).toEqual([])
  holders.claims.set('a', { balancer: false, nodeSelector: { matchLabels: { gateway: '' } } })
  await Promise.resolve()
  expect([holders.store.get('a'), watched()]).toEqual(['n3', ['n3']])
  holders.claims.set('b', { balancer: false })
  await Promise.resolve()
  expect([holders.store.get('b'), watched()]).toEqual(['n1', ['n1', 'n3']])
  nodes.delete('n1')
  await Promise.resolve()
  expect(holders.store.get('b')).toBe('n3')
  for (const key of ['a', 'b']) holders.claims.delete(key)
  await Promise.resolve()
  expect([holders.store.size, watched()]).toEqual([0, []])
})
