import { formatAddressConflicts } from '@ovnkit/cni-api'
import { parseIp, parseMac } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import { healthyNode } from '../facts/node.fixture.ts'
import type { NodeFacts } from '../facts/node.ts'
import { network, type World, world } from './allocator.fixture.ts'
import { followSightings } from './sightings.ts'

const mac = parseMac('02:00:00:00:00:07')
const net = '10.0.0.0/29'
const seen = (address: string, pod: string) => ({ address: parseIp(address), mac, pod: `ns/${pod}`, uid: `uid-${pod}` })
const see = (w: World, address: string, pod: string) =>
  w.sightings.set(`n/${address}`, { ...seen(address, pod), node: 'n' })

function small(): World {
  const w = world()
  w.addNetwork(network('default', net)) // .2 to .6
  return w
}

describe('an address that a machine on the wire has', () => {
  it('is not the pod’s that was to get it: it gets another one, and its owner is told why', () => {
    const w = small()
    w.addPod('a')
    see(w, '10.0.0.2', 'a')
    expect(w.addressOf('a')).toBe('10.0.0.3')
    expect(w.events).toEqual(['ns/a AddressConflict'])
    expect(w.allocator.usage.get(net)).toMatchObject({ used: 2, machines: [`10.0.0.2 is in use by machine ${mac}`] })
  })

  it('is given to nobody until the node forgets it', () => {
    const w = small()
    w.addPod('a')
    see(w, '10.0.0.2', 'a')
    w.addPod('b')
    expect(w.addressOf('b')).toBe('10.0.0.4')
    w.sightings.delete('n/10.0.0.2')
    w.addPod('c', { annotations: { 'network.zstack.io/ip-address': '10.0.0.2' } })
    expect(w.addressOf('c')).toBe('10.0.0.2')
    expect(w.allocator.usage.get(net)?.machines).toEqual([])
  })

  it('is waited for by a pod that asks for no other', () => {
    const w = small()
    w.addPod('a', { annotations: { 'network.zstack.io/ip-address': '10.0.0.5' } })
    see(w, '10.0.0.5', 'a')
    expect(w.addressOf('a')).toBe('AddressInUse')
    expect(w.allocator.assignments.get('ns/a')).toMatchObject({ message: expect.stringContaining(`machine ${mac}`) })
    w.sightings.delete('n/10.0.0.5')
    expect(w.addressOf('a')).toBe('10.0.0.5')
  })

  it('is not taken from the pod that has it: only from the one that the node speaks of, as it is now', () => {
    const w = small()
    w.addPod('a')
    see(w, '10.0.0.2', 'b')
    w.sightings.set('n/10.0.0.2', { ...seen('10.0.0.2', 'a'), uid: 'an earlier one', node: 'n' })
    expect(w.addressOf('a')).toBe('10.0.0.2')
    expect(w.allocator.usage.get(net)?.conflicts).toEqual([`10.0.0.2 is in use by ns/a and machine ${mac}`])
  })

  it('is known of a network that comes later, and keeps no network from going', () => {
    const w = world()
    see(w, '10.0.0.2', 'a')
    w.addNetwork(network('default', net))
    expect(w.allocator.inUse(net)).toBe(false)
    w.addPod('a')
    expect(w.addressOf('a')).toBe('10.0.0.3')
    expect(w.allocator.inUse(net)).toBe(true)
  })
})

describe('what the nodes have found', () => {
  it('is what their annotations say, and goes with them', () => {
    const nodes = new Store<NodeFacts, 'chassis'>({ name: 'nodes', indexes: { chassis: one => [one.chassis] } })
    const tell = (...addresses: string[]) => {
      const text = formatAddressConflicts(addresses.map(address => ({ ...seen(address, 'a'), until: 0 })))
      const annotations: Record<string, string> = text === undefined ? {} : { 'zstack.io/address-conflicts': text }
      nodes.set('n', healthyNode('n', { annotations }))
    }
    tell('10.0.0.2')
    const { store, stop } = followSightings(nodes)
    using _ = stop
    expect([...store.keys()]).toEqual(['n/10.0.0.2'])
    tell('10.0.0.3', '10.0.0.4')
    expect([...store.keys()]).toEqual(['n/10.0.0.3', 'n/10.0.0.4'])
    expect(store.get('n/10.0.0.3')).toEqual({ ...seen('10.0.0.3', 'a'), node: 'n' })
    nodes.delete('n')
    expect(store.size).toBe(0)
  })
})
