import type { Subnet } from '@ovnkit/cni-api'
import { isApiError, resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { subnetFinalizer, subnetResource } from './resources.ts'
import { World } from './testing/world.ts'

let w: World
beforeAll(async () => {
  w = await World.start()
  await w.addNode('n1', '192.168.0.11')
  await w.startController()
  await w.subnet('default', isActive, 'Active')
})
afterAll(() => w[Symbol.asyncDispose]())

const isActive = (subnet: Subnet) => subnet.status?.phase === 'Active'
const isFailed = (subnet: Subnet) => subnet.status?.phase === 'Failed'
const conditionOf = (subnet: Subnet, type: string) => subnet.status?.conditions?.find(one => one.type === type)
const uuidOf = (table: string, name: string) => w.nbctl('--bare', '--columns=_uuid', 'find', table, `name="${name}"`)

/** The Event about a pod with this reason, as `kubectl describe pod` shows it. */
function podEvent(pod: string, reason: string): Promise<string> {
  return waitUntil(`Event ${reason} on pod ${pod}`, async () => {
    const { items } = await w.kube.client.list(resources.events, { fieldSelector: `involvedObject.name=${pod}` })
    return items.find(event => event.reason === reason)?.message
  })
}

describe('the API server alone refuses', () => {
  it.each([
    ['a gateway outside the CIDR', { cidr: '10.1.0.0/24', gateway: '10.2.0.1' }],
    ['a reversed range', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', excludeIPs: ['10.1.0.9-10.1.0.2'] }],
    ['no address', { cidr: 'ten', gateway: '10.1.0.1' }],
  ])('%s', async (_, spec) => {
    await expect(w.addSubnet('bad', spec)).rejects.toSatisfy(error => isApiError(error, 'invalid'))
  })

  it('another cidr later', async () => {
    await w.addSubnet('fixed', { cidr: '10.7.0.0/24', gateway: '10.7.0.1' })
    const change = w.kube.client.mergePatch(
      subnetResource,
      { name: 'fixed' },
      { spec: { cidr: '10.8.0.0/24', gateway: '10.8.0.1' } },
    )
    await expect(change).rejects.toSatisfy(error => isApiError(error, 'invalid'))
  })
})

describe('a Subnet that overlaps', () => {
  it.each([
    ['another Subnet', { cidr: '10.244.8.0/24', gateway: '10.244.8.1' }, 'Subnet default'],
    ['the service range', { cidr: '10.96.0.0/20', gateway: '10.96.0.1' }, 'network.serviceCIDR'],
    ['the join network', { cidr: '100.64.3.0/24', gateway: '100.64.3.1' }, 'network.joinCIDR'],
    ['a node', { cidr: '192.168.0.0/24', gateway: '192.168.0.1' }, 'node n1'],
  ])('%s is Failed and says with what', async (_, spec, text) => {
    const name = `overlap-${text.split(' ').at(-1)?.toLowerCase().replace('.', '-')}`
    await w.addSubnet(name, spec)
    const subnet = await w.subnet(name, isFailed, 'Failed')
    expect(subnet.status?.message).toContain(text)
    expect(await uuidOf('Logical_Switch', `subnet-${name}`)).toBe('')
    await w.kube.client.delete(subnetResource, { name })
  })
})

describe('a Subnet in use', () => {
  it('is kept when it is deleted, names its pods, and goes with the last of them', async () => {
    await w.addSubnet('busy', { cidr: '10.9.0.0/24', gateway: '10.9.0.1' })
    await w.addPod('user', { annotations: { 'zstack.io/subnet': 'busy' } })
    expect(await w.podAddress('user')).toBe('10.9.0.2')
    await waitUntil('the finalizer', async () => {
      const { metadata } = await w.kube.client.get(subnetResource, { name: 'busy' })
      return metadata?.finalizers?.includes(subnetFinalizer)
    })
    await w.kube.client.delete(subnetResource, { name: 'busy' })
    const subnet = await w.subnet('busy', one => conditionOf(one, 'InUse') !== undefined, 'InUse')
    expect(conditionOf(subnet, 'InUse')?.message).toBe('used by default/user')
    expect(await w.portAddresses('default_user')).toContain('10.9.0.2')
    await w.addPod('late', { annotations: { 'zstack.io/subnet': 'busy' } })
    expect(await podEvent('late', 'SubnetNotReady')).toContain('being deleted')
    await w.deletePod('user')
    await waitUntil('the Subnet to be gone', () =>
      w.kube.client.get(subnetResource, { name: 'busy' }).then(
        () => false,
        error => isApiError(error, 'notFound'),
      ),
    )
    await waitUntil('its switch to be gone', async () => (await uuidOf('Logical_Switch', 'subnet-busy')) === '')
    expect(await podEvent('late', 'SubnetNotFound')).toContain('busy')
  })

  it('goes at once when nothing uses it', async () => {
    await w.kube.client.delete(subnetResource, { name: 'fixed' })
    await waitUntil('the Subnet to be gone', () =>
      w.kube.client.get(subnetResource, { name: 'fixed' }).then(
        () => false,
        error => isApiError(error, 'notFound'),
      ),
    )
  })

  it('keeps an address that is excluded later, and shows it', async () => {
    await w.addSubnet('ex', { cidr: '10.10.0.0/29', gateway: '10.10.0.1' })
    await w.addPod('keeper', { annotations: { 'zstack.io/subnet': 'ex' } })
    expect(await w.podAddress('keeper')).toBe('10.10.0.2')
    await w.kube.client.mergePatch(subnetResource, { name: 'ex' }, { spec: { excludeIPs: ['10.10.0.2-10.10.0.5'] } })
    const subnet = await w.subnet('ex', one => conditionOf(one, 'ExcludedInUse') !== undefined, 'ExcludedInUse')
    expect(conditionOf(subnet, 'ExcludedInUse')?.message).toContain('10.10.0.2 (default/keeper)')
    expect(subnet.status).toMatchObject({ usedIPs: 1, availableIPs: 1, phase: 'Active' })
    expect(await w.portAddresses('default_keeper')).toContain('10.10.0.2')
  })

  it('that is full tells the pod, and serves it when an address is free', async () => {
    const wish = { annotations: { 'zstack.io/subnet': 'ex' } }
    await w.addPod('last', wish)
    expect(await w.podAddress('last')).toBe('10.10.0.6')
    await w.addPod('hungry', wish)
    expect(await podEvent('hungry', 'AddressesExhausted')).toContain('10.10.0.0/29')
    await w.deletePod('last')
    expect(await w.podAddress('hungry')).toBe('10.10.0.6')
  })
})

describe('a wish for an address', () => {
  const wish = (address: string) => ({ annotations: { 'network.zstack.io/ip-address': address } })

  it('is met, waits while the address is busy, and is refused outside', async () => {
    await w.addPod('first', wish('10.244.9.9'))
    expect(await w.podAddress('first')).toBe('10.244.9.9')
    await w.addPod('second', wish('10.244.9.9'))
    expect(await podEvent('second', 'AddressInUse')).toContain('default/first')
    await w.deletePod('first')
    expect(await w.podAddress('second')).toBe('10.244.9.9')
    await w.addPod('third', wish('172.16.0.1'))
    expect(await podEvent('third', 'InvalidAddress')).toContain('outside')
  })
})

describe('a dual-stack Subnet', () => {
  it('gives one address of each family', async () => {
    await w.addSubnet('both', { cidr: '10.11.0.0/24,fd00:11::/64', gateway: '10.11.0.1,fd00:11::1', protocol: 'Dual' })
    await w.addPod('two', { annotations: { 'zstack.io/subnet': 'both' } })
    expect(await w.podAddress('two')).toBe('10.11.0.2,fd00:11::2')
    await w.settled()
    expect(await w.portAddresses('default_two')).toBe('0a:58:0a:0b:00:02 10.11.0.2 fd00:11::2')
  })
})

describe('the default Subnet', () => {
  it('gives its place, ports and addresses to a user’s of the same range and gateway', async () => {
    await w.addPod('resident')
    const address = await w.podAddress('resident')
    await w.settled()
    const before = {
      port: await uuidOf('Logical_Switch_Port', 'default_resident'),
      switch: await uuidOf('Logical_Switch', 'subnet-default'),
    }
    await w.addSubnet('pod-subnet', { cidr: '10.244.0.0/16', gateway: '10.244.0.1', excludeIPs: ['10.244.0.1'] })
    await w.subnet('pod-subnet', one => isActive(one) && (one.status?.usedIPs ?? 0) > 0, 'Active with the pods')
    await waitUntil('Subnet default to be gone', () =>
      w.kube.client.get(subnetResource, { name: 'default' }).then(
        () => false,
        error => isApiError(error, 'notFound'),
      ),
    )
    expect(await uuidOf('Logical_Switch', 'subnet-pod-subnet')).toBe(before.switch)
    expect(await uuidOf('Logical_Switch_Port', 'default_resident')).toBe(before.port)
    expect(await w.portAddresses('default_resident')).toContain(address)
    await waitUntil('the pod to be told', async () => {
      const { metadata } = await w.kube.client.get(resources.pods, { namespace: 'default', name: 'resident' })
      return (
        metadata?.annotations?.['zstack.io/subnet'] === 'pod-subnet' &&
        metadata.annotations['zstack.io/pod-ip'] === address
      )
    })
    await w.addPod('newcomer')
    await w.podAddress('newcomer')
    expect(await w.nbctl('lsp-list', 'subnet-pod-subnet')).toContain('default_newcomer')
  })

  it('comes back when the user’s Subnet goes', async () => {
    for (const pod of ['resident', 'newcomer', 'second', 'third']) await w.deletePod(pod)
    await w.kube.client.delete(subnetResource, { name: 'pod-subnet' })
    await w.subnet('default', isActive, 'Active')
  })
})

describe('a Subnet’s status', () => {
  it('is written at most once a second, and is right in the end', async () => {
    await w.settled()
    const versions = new Set<string>()
    const watching = w.controller.sources.subnetObjects.subscribe((key, subnet) => {
      if (key === 'default' && subnet?.metadata?.resourceVersion !== undefined)
        versions.add(subnet.metadata.resourceVersion)
    })
    const began = performance.now()
    for (let i = 0; i < 60; i++) await w.addPod(`many-${i}`)
    await w.subnet('default', one => one.status?.usedIPs === 60, 'counted')
    const seconds = (performance.now() - began) / 1000
    watching[Symbol.dispose]()
    expect(versions.size).toBeLessThanOrEqual(Math.ceil(seconds) + 1)
  })
})
