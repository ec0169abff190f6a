import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayConnect } from './evaluate.ts'
import { situations, worldOf } from './generate/changes.ts'
import { listening, pool } from './generate/pool.ts'
import type { Situation } from './generate/situation.ts'
import type { World } from './objects.ts'

const nodes = [1, 2].map(n => ({
  metadata: { name: `n${n}` },
  status: { addresses: [`192.168.7.${n}`, `fd00:7::${n}`].map(address => ({ type: 'InternalIP', address })) },
}))

function addressOf(place: string, family: 4 | 6): string | undefined {
  const at = pool.findIndex(({ key }) => key === place)
  const number = at < 0 ? { n1: 1, n2: 2, client: 253 }[place] : at + 3
  const [net, six] = at < 0 ? ['192.168.7', 'fd00:7::'] : ['10.244.0', 'fd00:10::']
  return family === 4 ? `${net}.${number}` : `${six}${number}`
}

const worldAt = (situation: Situation) => worldOf(situation, nodes, addressOf)

const connections = (world: World) => {
  const pods = world.pods.map(({ metadata }) => ({ pod: `${metadata?.namespace}/${metadata?.name}` }))
  const ends = [...pods, { node: 'n1' }, { address: '203.0.113.1' }]
  return pods.flatMap(to =>
    ends.flatMap(from => listening.TCP.map(port => ({ from, to, port, protocol: 'TCP' as const, family: 4 as const }))),
  )
}

const answers = (world: World) => connections(world).map(one => mayConnect(world, one).allowed)

describe('the evaluator', () => {
  it('does not depend on the order of anything: policies add up, and go by their priorities', () => {
    fc.assert(
      fc.property(situations('mixed'), situation => {
        const world = worldAt(situation)
        const turned = {
          ...world,
          networkPolicies: world.networkPolicies.toReversed(),
          adminNetworkPolicies: world.adminNetworkPolicies?.toReversed() ?? [],
          clusterNetworkPolicies: world.clusterNetworkPolicies?.toReversed() ?? [],
        }
        expect(answers(turned)).toEqual(answers(world))
      }),
      { numRuns: 30 },
    )
  })

  it('lets pods talk whose namespaces have no policies', () => {
    fc.assert(
      fc.property(situations('network'), situation => {
        const world = worldAt(situation)
        const busy = new Set(world.networkPolicies.map(({ metadata }) => metadata?.namespace))
        const isFree = ({ from, to }: ReturnType<typeof connections>[number]) =>
          !busy.has(to.pod.split('/')[0]) && !('pod' in from && busy.has(from.pod.split('/')[0]))
        for (const one of connections(world).filter(isFree)) expect(mayConnect(world, one).allowed).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it.each(['network', 'cluster', 'mixed'] as const)(
    'is neither always for nor against what is generated: %s',
    kinds => {
      const all = fc
        .sample(situations(kinds), { seed: 1, numRuns: 60 })
        .map(situation => answers(worldAt(situation)))
        .map(one => one.filter(allowed => allowed === true).length / one.length)
      expect(all.filter(share => share > 0.1 && share < 0.9).length).toBeGreaterThan(20)
    },
  )

  it('leaves little open of what is generated', () => {
    const all = fc.sample(situations('mixed'), { seed: 1, numRuns: 60 }).flatMap(one => answers(worldAt(one)))
    expect(all.filter(allowed => allowed === 'unspecified').length / all.length).toBeLessThan(0.1)
  })

  it('is asked about every part of what the API has', () => {
    const text = JSON.stringify(fc.sample(situations('mixed'), { seed: 1, numRuns: 100 }).map(worldAt))
    const parts = ['Allow', 'Accept', 'Deny', 'Pass', 'Admin', 'Baseline', 'nodes', 'networks', 'namespaces', 'pods']
    const ports = ['portNumber', 'portRange', 'namedPort', 'destinationNamedPort', 'number', 'range', 'sctp']
    expect([...parts, ...ports].filter(part => !text.includes(`"${part}"`))).toEqual([])
  })
})
