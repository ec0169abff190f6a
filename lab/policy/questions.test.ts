import { beginning, changed, pool, worldOf } from '@ovnkit/cni-policy/testing'
import { describe, expect, it } from 'vitest'
import { probesOf } from './questions.ts'

const addressOf = (place: string, family: 4 | 6) => {
  const number = 1 + pool.findIndex(({ key }) => key === place)
  return family === 4 ? `10.244.0.${number}` : `fd10:244::${number}`
}
const world = worldOf(beginning, [node('n1', 1), node('n2', 2)], addressOf)
function node(name: string, number: number) {
  return { metadata: { name }, status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${number}` }] } }
}
const around = {
  families: [4] as const,
  nodes: [1, 2].map(number => ({ name: `n${number}`, addresses: [`192.168.0.${number}`] })),
  outsider: { name: 'client', addresses: ['192.168.0.253'] },
  services: new Map(pool.map(({ key }, i) => [key, [`10.96.0.${i + 1}`]])),
  doors: new Map(pool.map(({ key }, i) => [key, { local: { TCP: 30000 + i, UDP: 30100 + i }, any: 30200 + i }])),
}

describe('probesOf', () => {
  it('asks from every pod to everybody, and from nodes to every pod', () => {
    const probes = probesOf(world, around)
    const [pods, nodes, outside, services] = [16 * 16 * 5, 2 * 16 * 5 * 2, 2 * 16 * 5, 16 * 16]
    const doors = 16 * 4
    expect(probes.length).toBe(pods + nodes + outside + services + doors)
    expect(new Set(probes.map(({ id }) => id)).size).toBe(probes.length)
    expect(probes.every(({ verdict }) => verdict.allowed === true)).toBe(true)
  })

  it('expects silence where a policy denies, by Service as by address', () => {
    const policy = { metadata: { namespace: 'w', name: 'p' }, spec: { podSelector: {} } }
    const denied = worldOf(changed(beginning, { kind: 'policy', policy }), world.nodes, addressOf)
    const probes = probesOf(denied, around).filter(({ from, to }) => from === 'x/a' && to === 'w/b')
    expect(probes.map(({ expected }) => expected)).toEqual(Array.from({ length: 6 }, () => false))
    expect(probes.at(-1)).toMatchObject({ service: true, port: 80, connection: { port: 7080 } })
  })

  it('asks pods from outside by node ports: they see the client, or the node that was asked', () => {
    const ingress = (cidr: string) => [{ from: [{ ipBlock: { cidr } }] }]
    const asked = (cidr: string) => {
      const policy = { metadata: { namespace: 'w', name: 'p' }, spec: { podSelector: {}, ingress: ingress(cidr) } }
      const then = worldOf(changed(beginning, { kind: 'policy', policy }), world.nodes, addressOf)
      const probes = probesOf(then, around).filter(
        ({ from, to, service }) => service && from === 'client' && to === 'w/a',
      )
      return probes.map(({ address, port, protocol, expected, source }) => [address, port, protocol, expected, source])
    }
    expect(asked('192.168.0.253/32')).toEqual([
      ['192.168.0.1', 30000, 'TCP', true, '192.168.0.253'],
      ['192.168.0.1', 30100, 'UDP', true, '192.168.0.253'],
      ['192.168.0.1', 30200, 'TCP', false, undefined],
      ['192.168.0.2', 30200, 'TCP', false, undefined],
    ])
    expect(asked('192.168.0.1/32').map(([, , , expected]) => expected)).toEqual([false, false, true, false])
  })
})
