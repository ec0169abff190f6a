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
  it('does not depend on the order of anything: policies add up', () => {
    fc.assert(
      fc.property(situations, situation => {
        const world = worldAt(situation)
        const turned = { ...world, networkPolicies: world.networkPolicies.toReversed() }
        expect(answers(turned)).toEqual(answers(world))
      }),
      { numRuns: 30 },
    )
  })

  it('lets pods talk whose namespaces have no policies', () => {
    fc.assert(
      fc.property(situations, situation => {
        const world = worldAt(situation)
        const busy = new Set(world.networkPolicies.map(({ metadata }) => metadata?.namespace))
        const isFree = ({ from, to }: ReturnType<typeof connections>[number]) =>
          !busy.has(to.pod.split('/')[0]) && !('pod' in from && busy.has(from.pod.split('/')[0]))
        for (const one of connections(world).filter(isFree)) expect(mayConnect(world, one).allowed).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('is neither always for nor always against what is generated', () => {
    const shares = fc.sample(situations, { seed: 1, numRuns: 60 }).map(situation => {
      const all = answers(worldAt(situation))
      return all.filter(allowed => allowed === true).length / all.length
    })
    expect(shares.filter(share => share > 0.1 && share < 0.9).length).toBeGreaterThan(20)
  })
})
