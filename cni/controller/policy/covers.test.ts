import { networkPolicyFacts, type Policy } from '@ovnkit/cni-policy'
import { parseCidr, parseIp } from '@ovnkit/inet'
import type { NetworkPolicy } from '@ovnkit/kube'
import { Store } from '@ovnkit/reconcile'
import { expect, it } from 'vitest'
import { healthyNode } from '../facts/node.fixture.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { BlockCovers } from './covers.ts'

const letsIn = (...cidrs: string[]) =>
  networkPolicyFacts({
    metadata: { namespace: 'ns', name: 'p' },
    spec: { podSelector: {}, ingress: [{ from: cidrs.map(cidr => ({ ipBlock: { cidr } })) }] },
  } as unknown as NetworkPolicy)

it('follows blocks and nodes, and knows only blocks that mean a node', async () => {
  const policies = new Store<Policy>({ name: 'policies' })
  const nodes = new Store<NodeFacts>({ name: 'nodes' })
  const joins = new Store<JoinPlace>({ name: 'joins' })
  using covers = new BlockCovers({ policies, nodes, joins, join: [parseCidr('100.64.0.0/16')] })
  covers.start()
  policies.set('p', letsIn('192.168.0.0/24', '10.0.0.0/8'))
  expect([...covers.store.keys()]).toEqual([])
  nodes.set('n1', healthyNode('n1', { internal: [parseIp('192.168.0.11')] }))
  joins.set('n1', { addresses: [parseIp('100.64.0.2')], index: 0 })
  await Promise.resolve()
  expect([...covers.store.entries()]).toEqual([
    ['192.168.0.0/24', { apart: false, addresses: ['100.64.0.2', '100.64.64.2'] }],
  ])
  policies.set('q', letsIn('192.168.0.11/32'))
  policies.delete('p')
  expect([...covers.store.keys()]).toEqual(['192.168.0.11/32'])
  nodes.delete('n1')
  joins.delete('n1')
  await Promise.resolve()
  expect([...covers.store.keys()]).toEqual([])
})
