import { describe, expect, it } from 'vitest'
import { formatProviderStates, interfaceOf, parseProviderStates, providerBridge } from './provider-network.ts'

describe('the interface of a node', () => {
  const spec = {
    defaultInterface: 'eth1',
    customInterfaces: [
      { interface: 'eth2', nodes: ['n2'] },
      { interface: 'eth3', nodeSelector: { rack: 'r1', kind: 'big' } },
    ],
    excludeNodes: ['n9'],
  }
  it('is that of the first entry that names or selects the node, else the default', () => {
    expect(interfaceOf(spec, { name: 'n2', labels: { rack: 'r1', kind: 'big' } })).toBe('eth2')
    expect(interfaceOf(spec, { name: 'n3', labels: { rack: 'r1', kind: 'big' } })).toBe('eth3')
    expect(interfaceOf(spec, { name: 'n3', labels: { rack: 'r1' } })).toBe('eth1')
  })
  it('is none on excluded nodes, and where nothing is said', () => {
    expect(interfaceOf(spec, { name: 'n9', labels: {} })).toBeUndefined()
    expect(interfaceOf({ customInterfaces: [{ interface: 'x' }] }, { name: 'n1', labels: {} })).toBeUndefined()
  })
})

it('a bridge is named after its network, and never longer than a link may be', () => {
  expect(providerBridge('physnet1')).toBe('br-physnet1')
  const names = ['provider-net1', 'provider-net2'].map(providerBridge)
  expect(new Set(names).size).toBe(2)
  for (const name of names) expect(name).toMatch(/^br-[-a-z0-9]{12}$/)
})

it('states of a node are read back, and nonsense is nothing', () => {
  const states = { b: { ready: true, reason: 'Ready', message: '', bridge: 'br-b' } }
  expect([...parseProviderStates(formatProviderStates(states))]).toEqual(Object.entries(states))
  expect([...parseProviderStates('{')]).toEqual([])
  expect([...parseProviderStates(undefined)]).toEqual([])
})
