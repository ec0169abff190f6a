import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { network, type World, world } from './allocator.fixture.ts'

const asks = (address: string) => ({ annotations: { 'network.zstack.io/ip-address': address } })

function small(): World {
  const w = world()
  w.addNetwork(network('default', '10.0.0.0/29')) // .2 to .6
  return w
}

describe('a pod’s addresses', () => {
  it('are given once, and kept whatever happens to the pod later', () => {
    const w = small()
    w.addPod('a')
    w.addPod('b')
    expect([w.addressOf('a'), w.addressOf('b')]).toEqual(['10.0.0.2', '10.0.0.3'])
    w.addPod('a', { annotations: { 'zstack.io/subnet': 'elsewhere' } })
    expect(w.addressOf('a')).toBe('10.0.0.2')
  })

  it('are one of each family', () => {
    const w = world()
    w.addNetwork(network('default', '10.0.0.0/24,fd00::/64'))
    w.addPod('a')
    expect(w.addressOf('a')).toBe('10.0.0.2,fd00::2')
  })

  it('are given when the pod is scheduled, not before', () => {
    const w = small()
    w.addPod('a', { node: '' })
    expect(w.addressOf('a')).toBe('none')
    w.addPod('a')
    expect(w.addressOf('a')).toBe('10.0.0.2')
  })

  it('come from the node’s own block first, and from elsewhere when it is full', () => {
    const w = world({ prefer: () => ({ family: 4, first: BigInt(0x0a000010), last: BigInt(0x0a000011) }) })
    w.addNetwork(network('default', '10.0.0.0/24'))
    for (const name of ['a', 'b', 'c']) w.addPod(name)
    expect(['a', 'b', 'c'].map(w.addressOf)).toEqual(['10.0.0.16', '10.0.0.17', '10.0.0.2'])
  })
})

describe('a static pod whose mirror is deleted and made anew', () => {
  const mirrored = (objectUid: string) => ({ uid: 'hash', objectUid })

  it('keeps its address, bound or not', () => {
    const w = small()
    w.addPod('a', mirrored('one'))
    w.addPod('b')
    w.claims.bound.set('ns_a', ['10.0.0.2'])
    w.pods.delete('ns/a')
    w.addPod('a', mirrored('two'))
    expect([w.addressOf('a'), w.allocator.held]).toEqual(['10.0.0.2', 0])
    w.claims.bound.delete('ns_a')
    w.allocator.claimsChanged()
    w.pods.delete('ns/a')
    w.addPod('a', mirrored('three'))
    expect(w.addressOf('a')).toBe('10.0.0.2')
  })

  it('gives it back when it goes for good', () => {
    const w = small()
    w.addPod('a', mirrored('one'))
    w.pods.delete('ns/a')
    expect(w.allocator.usage.get('10.0.0.0/29')?.used).toBe(0)
    w.addPod('a', { uid: 'another hash', objectUid: 'four' })
    expect(w.addressOf('a')).toBe('10.0.0.3')
  })
})

describe('the choice of a Subnet', () => {
  function several(): World {
    const w = small()
    w.addNetwork(network('team', '10.1.0.0/24'), { namespaces: ['ns'] })
    w.addNetwork(network('other', '10.2.0.0/24'), { namespaces: ['another'] })
    w.addNetwork(network('free', '10.3.0.0/24'))
    return w
  }

  it('is the pod’s annotation in either spelling, then its namespace, then the default', () => {
    const w = several()
    w.addPod('named', { annotations: { 'zstack.io/subnet': 'free' } })
    w.addPod('alias', { annotations: { 'network.zstack.io/subnet': 'free' } })
    w.addPod('bound')
    expect(['named', 'alias', 'bound'].map(w.addressOf)).toEqual(['10.3.0.2', '10.3.0.3', '10.1.0.2'])
    w.candidates.delete('team')
    w.addPod('rest')
    expect(w.addressOf('rest')).toBe('10.0.0.2')
  })

  it('is never a Subnet that lists other namespaces', () => {
    const w = several()
    w.addPod('intruder', { annotations: { 'zstack.io/subnet': 'other' } })
    expect([w.addressOf('intruder'), ...w.events]).toEqual(['SubnetNotPermitted', 'ns/intruder SubnetNotPermitted'])
  })

  it('waits for a Subnet that does not exist yet or gives nothing now', () => {
    const w = small()
    w.addPod('early', { annotations: { 'zstack.io/subnet': 'late' } })
    expect(w.addressOf('early')).toBe('SubnetNotFound')
    w.addNetwork(network('late', '10.9.0.0/24'), { open: false })
    expect(w.addressOf('early')).toBe('SubnetNotReady')
    w.addNetwork(network('late', '10.9.0.0/24'))
    expect(w.addressOf('early')).toBe('10.9.0.2')
    expect(w.events).toEqual(['ns/early SubnetNotFound', 'ns/early SubnetNotReady'])
  })

  it('goes on to the namespace’s next Subnet when one is full', () => {
    const w = several()
    w.addNetwork(network('tiny', '10.4.0.0/30'), { namespaces: ['ns'] })
    w.candidates.delete('team')
    w.addPod('a')
    w.addNetwork(network('more', '10.5.0.0/24'), { namespaces: ['ns'] })
    w.addPod('b')
    expect([w.addressOf('a'), w.addressOf('b')]).toEqual(['10.4.0.2', '10.5.0.2'])
  })
})

describe('a request for an address', () => {
  it('is met', () => {
    const w = small()
    w.addPod('a', asks('10.0.0.5'))
    expect(w.addressOf('a')).toBe('10.0.0.5')
  })

  it('waits, with an Event, until the address is free', () => {
    const w = small()
    w.addPod('a', asks('10.0.0.5'))
    w.addPod('b', asks('10.0.0.5'))
    expect([w.addressOf('b'), ...w.events]).toEqual(['AddressInUse', 'ns/b AddressInUse'])
    w.pods.delete('ns/a')
    expect(w.addressOf('b')).toBe('10.0.0.5')
  })

  it.each([
    ['10.9.9.9', 'InvalidAddress'],
    ['10.0.0.1', 'InvalidAddress'],
    ['ten', 'InvalidAddress'],
    ['10.0.0.2,10.0.0.3', 'InvalidAddress'],
  ])('is refused when it cannot be: %s', (text, reason) => {
    const w = small()
    w.addPod('a', asks(text))
    expect(w.addressOf('a')).toBe(reason)
    w.addPod('a', asks('10.0.0.4'))
    expect(w.addressOf('a')).toBe('10.0.0.4')
  })
})

describe('an exhausted network', () => {
  it('serves the pods that wait in the order of their coming, one Event each', () => {
    const w = small()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) w.addPod(name)
    expect([w.addressOf('f'), w.addressOf('g')]).toEqual(['AddressesExhausted', 'AddressesExhausted'])
    w.pods.delete('ns/c')
    expect([w.addressOf('f'), w.addressOf('g')]).toEqual(['10.0.0.4', 'AddressesExhausted'])
    expect(w.events).toEqual(['ns/f AddressesExhausted', 'ns/g AddressesExhausted'])
  })

  it('counts what is used and free', () => {
    const w = small()
    for (const name of ['a', 'b']) w.addPod(name)
    expect(w.allocator.usage.get('10.0.0.0/29')).toMatchObject({ used: 2, available: 3 })
    w.pods.delete('ns/a')
    expect(w.allocator.usage.get('10.0.0.0/29')).toMatchObject({ used: 1, available: 4 })
  })

  it('may be one of port keys: the pod beyond them is refused with a remedy', () => {
    const w = world({ portsLimit: 3 })
    w.addNetwork(network('default', '10.0.0.0/24'))
    for (const name of ['a', 'b', 'c']) w.addPod(name)
    expect(['a', 'b', 'c'].map(w.addressOf)).toEqual(['10.0.0.2', '10.0.0.3', 'TooManyPorts'])
    expect(w.allocator.usage.get('10.0.0.0/24')).toMatchObject({ available: 0, portsLimit: 3 })
    w.pods.delete('ns/a')
    expect(w.addressOf('c')).toBe('10.0.0.4')
  })

  it('takes back what was excluded and is excluded no more', () => {
    const w = world()
    w.addNetwork(network('default', '10.0.0.0/29', { exclude: ['10.0.0.3-10.0.0.6'] }))
    for (const name of ['a', 'b']) w.addPod(name)
    expect(w.addressOf('b')).toBe('AddressesExhausted')
    w.addNetwork(network('default', '10.0.0.0/29'))
    expect(w.addressOf('b')).toBe('10.0.0.3')
  })
})

describe('an address in use that is excluded', () => {
  it('stays with its pod, is told, and is not given again', () => {
    const w = small()
    w.addPod('a')
    w.addNetwork(network('default', '10.0.0.0/29', { exclude: ['10.0.0.2-10.0.0.5'] }))
    expect(w.addressOf('a')).toBe('10.0.0.2')
    expect(w.allocator.usage.get('10.0.0.0/29')?.excludedInUse).toEqual(['10.0.0.2 (ns/a)'])
    w.pods.delete('ns/a')
    expect(w.allocator.usage.get('10.0.0.0/29')?.excludedInUse).toEqual([])
    for (const name of ['b', 'c']) w.addPod(name)
    expect([w.addressOf('b'), w.addressOf('c')]).toEqual(['10.0.0.6', 'AddressesExhausted'])
  })
})

describe('the address of a pod that is gone', () => {
  it('is kept while a chassis claims its port, and freed after', () => {
    const w = small()
    for (const name of ['a', 'b', 'c', 'd', 'e']) w.addPod(name)
    w.claims.bound.set('ns_a', ['10.0.0.2'])
    w.pods.delete('ns/a')
    w.addPod('f')
    expect([w.addressOf('f'), w.allocator.held]).toEqual(['AddressesExhausted', 1])
    w.claims.bound.delete('ns_a')
    w.allocator.claimsChanged('ns_a')
    expect([w.addressOf('f'), w.allocator.held]).toEqual(['10.0.0.2', 0])
  })

  it('is kept while the Southbound database cannot be asked', () => {
    const w = small()
    w.addPod('a')
    w.claims.known = false
    w.pods.delete('ns/a')
    expect(w.allocator.held).toBe(1)
    w.claims.known = true
    w.allocator.claimsChanged()
    expect(w.allocator.held).toBe(0)
  })

  it('is freed when its node is gone, whoever claims it', () => {
    const w = small()
    w.addPod('a')
    w.claims.bound.set('ns_a', ['10.0.0.2'])
    w.pods.delete('ns/a')
    w.nodes.delete('n')
    w.allocator.claimsChanged()
    expect(w.allocator.held).toBe(0)
  })

  it('is not given to the next pod while others are free', () => {
    const w = small()
    w.addPod('a')
    w.pods.delete('ns/a')
    for (const name of ['b', 'c', 'd', 'e']) w.addPod(name)
    expect(['b', 'c', 'd', 'e'].map(w.addressOf)).not.toContain('10.0.0.2')
  })

  it('is freed when the pod has ended, though the object is still there', () => {
    const w = small()
    w.addPod('job')
    w.addPod('job', { ended: true })
    expect([w.addressOf('job'), w.allocator.usage.get('10.0.0.0/29')?.used]).toEqual(['none', 0])
  })
})

describe('a pod that is created anew under its name', () => {
  it('gets an address of its own while the old one’s is still claimed', () => {
    const w = small()
    w.addPod('web-0', { uid: 'first' })
    w.claims.bound.set('ns_web-0', ['10.0.0.2'])
    w.addPod('web-0', { uid: 'second' })
    expect(w.addressOf('web-0')).toBe('10.0.0.3')
    // The binding of the name is the new pod's now; it does not carry the old address.
    w.claims.bound.set('ns_web-0', ['10.0.0.3'])
    w.allocator.claimsChanged('ns_web-0')
    expect([w.allocator.held, w.addressOf('web-0')]).toEqual([0, '10.0.0.3'])
  })
})

describe('foreign ports on a network’s switch', () => {
  it('take their addresses out of the pool while they exist', () => {
    const w = small()
    w.foreign.set('u1', {
      name: 'vm',
      network: '10.0.0.0/29',
      addresses: [parseIp('10.0.0.2'), parseIp('192.168.0.1')],
    })
    w.addPod('a')
    expect([w.addressOf('a'), w.allocator.usage.get('10.0.0.0/29')?.used]).toEqual(['10.0.0.3', 2])
    w.addPod('b', asks('10.0.0.2'))
    w.foreign.delete('u1')
    expect(w.addressOf('b')).toBe('10.0.0.2')
  })

  it('do not free an address that a pod has as well', () => {
    const w = small()
    w.addPod('a')
    w.foreign.set('u1', { name: 'vm', network: '10.0.0.0/29', addresses: [parseIp('10.0.0.2')] })
    w.pods.delete('ns/a')
    w.addPod('b', asks('10.0.0.2'))
    expect(w.addressOf('b')).toBe('AddressInUse')
  })
})
