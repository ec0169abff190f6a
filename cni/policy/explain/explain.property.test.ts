import { parseIp } from '@ovnkit/inet'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { adminPolicyFacts, baselinePolicyFacts, clusterPolicyFacts } from '../admin/facts.ts'
import { planAdmin } from '../admin/plan.ts'
import { networkPolicyFacts } from '../facts/network-policy.ts'
import { mayConnect } from '../reference/index.ts'
import { pool, situations, worldOf } from '../testing.ts'
import type { End } from './ends.ts'
import { explain } from './explain.ts'

const nodes = [1, 2].map(n => ({
  metadata: { name: `n${n}` },
  status: { addresses: [{ type: 'InternalIP', address: `192.168.7.${n}` }] },
}))

function addressOf(place: string, family: 4 | 6): string | undefined {
  const at = pool.findIndex(({ key }) => key === place)
  const number = at < 0 ? { n1: 1, n2: 2, client: 253 }[place] : at + 3
  return family === 4 ? `${at < 0 ? '192.168.7' : '10.244.0'}.${number}` : undefined
}

type World = ReturnType<typeof worldOf>

function endOf(world: World, end: Place): End {
  if ('address' in end) return { kind: 'outside', address: parseIp(end.address) }
  if ('node' in end) {
    const found = world.nodes.find(({ metadata }) => metadata?.name === end.node)
    const addresses = (found?.status?.addresses ?? []).map(({ address }) => parseIp(address))
    return { kind: 'node', name: end.node, labels: found?.metadata?.labels ?? {}, addresses }
  }
  const [namespace = '', name = ''] = end.pod.split('/')
  const pod = world.pods.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name)
  const space = world.namespaces.find(({ metadata }) => metadata?.name === namespace)
  return {
    kind: 'pod',
    namespace,
    name,
    labels: pod?.metadata?.labels ?? {},
    namespaceLabels: space?.metadata?.labels ?? {},
    node: pod?.spec?.nodeName ?? '',
    address: parseIp(addressOf(end.pod, 4) ?? ''),
    ports: (pod?.spec?.containers?.[0]?.ports ?? []).map(({ name: port = '', containerPort: number, protocol }) => ({
      protocol: protocol === 'UDP' ? 'UDP' : 'TCP',
      name: port,
      number,
    })),
  }
}

type Place = Parameters<typeof mayConnect>[1]['from']

function connectionsOf(world: World) {
  const pods = world.pods.map(({ metadata }): Place => ({ pod: `${metadata?.namespace}/${metadata?.name}` }))
  const others: Place[] = [{ node: 'n1' }, { node: 'n2' }, { address: '203.0.113.1' }]
  const pairs = pods.flatMap(pod => [
    ...pods.map(other => ({ from: pod, to: other })),
    ...others.flatMap(other => [
      { from: other, to: pod },
      { from: pod, to: other },
    ]),
  ])
  const ports = [
    { protocol: 'TCP', port: 7080 },
    { protocol: 'TCP', port: 7082 },
    { protocol: 'UDP', port: 7081 },
  ] as const
  return pairs.flatMap(pair => ports.map(port => ({ ...pair, ...port, family: 4 as const })))
}

/** Without the fields that are not there. */
const onWire = (object: object) => JSON.parse(JSON.stringify(object))

it('agrees with the evaluator that was written from the documents alone', () => {
  let decided = 0
  fc.assert(
    fc.property(situations('mixed'), situation => {
      const world = worldOf(situation, nodes, addressOf)
      const facts = [
        ...(world.adminNetworkPolicies ?? []).map(one => adminPolicyFacts(onWire(one))),
        ...(world.baselineAdminNetworkPolicies ?? []).map(one => baselinePolicyFacts(onWire(one))),
        ...(world.clusterNetworkPolicies ?? []).map(one => clusterPolicyFacts(onWire(one))),
      ]
      const policies = [
        ...world.networkPolicies.map(one => networkPolicyFacts(onWire(one))),
        ...planAdmin(facts, true).policies.values(),
      ]
      for (const { from, to, protocol, port, family } of connectionsOf(world)) {
        const wanted = mayConnect(world, { from, to, protocol, port, family })
        if (wanted.allowed === 'unspecified') continue
        decided += 1
        const { allowed } = explain(policies, { from: endOf(world, from), to: endOf(world, to), protocol, port })
        expect({ from, to, protocol, port, allowed }).toEqual({ from, to, protocol, port, allowed: wanted.allowed })
      }
    }),
    { numRuns: 25 },
  )
  expect(decided).toBeGreaterThan(1000)
})
