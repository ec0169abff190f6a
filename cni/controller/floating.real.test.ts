import {
  annotationNames,
  type EgressIP,
  type EgressIPSpec,
  egressIPs,
  type LoadBalancerPool,
  type LoadBalancerPoolSpec,
  loadBalancerClass,
  loadBalancerPools,
  subnets,
} from '@ovnkit/cni-api'
import { isApiError, type KubeObject, resources, type Service } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await World.start()
  const { client } = world.kube
  for (const [name, address, gateway] of [
    ['n1', '127.0.0.11', 'yes'],
    ['n2', '127.0.0.12', 'yes'],
    ['n3', '127.0.0.13', 'no'],
  ] as const) {
    await world.addNode(name, address)
    const annotations = { [annotationNames.node.chassis]: name }
    await client.mergePatch(resources.nodes, { name }, { metadata: { annotations, labels: { gateway } } })
  }
  await world.startController()
})
afterAll(() => world[Symbol.asyncDispose]())

const pool = (name: string, spec: LoadBalancerPoolSpec) =>
  world.kube.client.create(loadBalancerPools, { metadata: { name }, spec })
const removePool = (name: string) => world.kube.client.delete(loadBalancerPools, { name })

function service(name: string, spec: Service['spec'] = {}, annotations: Record<string, string> = {}): Promise<Service> {
  return world.kube.client.create(resources.services, {
    metadata: { namespace: 'default', name, annotations, labels: { name } },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: name }, ...spec },
  })
}
const get = (name: string) => world.kube.client.get(resources.services, { namespace: 'default', name })
const remove = (name: string) => world.kube.client.delete(resources.services, { namespace: 'default', name })
const ingressOf = (one: Service) => (one.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join()

/** The Service's addresses as soon as they are these. */
const hasAddresses = (name: string, addresses: string) =>
  waitUntil(`Service ${name} to have "${addresses}"`, async () => {
    const one = await get(name)
    return ingressOf(one) === addresses ? one : undefined
  })

const eventOf = (name: string, reason: string) =>
  waitUntil(`event ${reason} of ${name}`, async () => {
    const { items } = await world.kube.client.list(resources.events, { namespace: 'default' })
    return items.find(one => one.involvedObject.name === name && one.reason === reason)?.message
  })

const condition = (resource: typeof loadBalancerPools | typeof egressIPs, name: string, text: string) =>
  waitUntil(`${resource.kind} ${name} to say ${text}`, async () => {
    const object = await world.kube.client.get<LoadBalancerPool | EgressIP>(resource, { name })
    return JSON.stringify(object.status?.conditions ?? []).includes(text) ? object : undefined
  })

/** Statuses are written at most once a second: the last one is awaited before anything is counted. */
const used = (name: string, count: number) =>
  waitUntil(`LoadBalancerPool ${name} to have ${count} addresses in use`, async () => {
    const { status } = await world.kube.client.get(loadBalancerPools, { name })
    return status?.usedIPs === count
  })

describe('a Service of type LoadBalancer', () => {
  it('gets an address of a pool, in its status, with the node that holds it', async () => {
    await pool('first', { addresses: ['192.0.2.0/29'], nodeSelector: { matchLabels: { gateway: 'no' } } })
    await service('a')
    const { status } = await hasAddresses('a', '192.0.2.1')
    expect(status?.loadBalancer?.ingress).toEqual([{ ip: '192.0.2.1', ipMode: 'VIP' }])
    const { annotations } = await waitUntil('pool and holder to be written', async () => {
      const { metadata } = await get('a')
      return metadata?.annotations === undefined ? undefined : metadata
    })
    const names = annotationNames.service
    expect(annotations).toEqual({ [names.recordedPool]: 'first', [names.loadBalancerNode]: 'n3' })
  })

  it('asks for an address, by annotation or spec.loadBalancerIP, and for a pool', async () => {
    await pool('second', { addresses: ['198.51.100.7-198.51.100.9'], autoAssign: false })
    await service('b', {}, { [annotationNames.service.loadBalancerIps]: '192.0.2.5' })
    await service('c', { loadBalancerIP: '198.51.100.8' })
    await service('d', {}, { [annotationNames.service.loadBalancerPool]: 'second' })
    await hasAddresses('b', '192.0.2.5')
    await hasAddresses('c', '198.51.100.8')
    await hasAddresses('d', '198.51.100.7')
    await service('e', { loadBalancerIP: '192.0.2.5' })
    expect(await eventOf('e', 'AddressTaken')).toContain('default/b')
    await remove('b')
    await hasAddresses('e', '192.0.2.5')
  })

  it('keeps its address through a restart of the controller, which writes nothing', async () => {
    await used('first', 2)
    await used('second', 2)
    await world.settled()
    await world.stopController()
    const before = world.requests('PATCH')
    await world.startController()
    await world.settled()
    expect(world.requests('PATCH')).toBe(before)
    expect(ingressOf(await get('a'))).toBe('192.0.2.1')
  })

  it('loses it with its type, and whoever waits gets it', async () => {
    for (let i = 0; i < 5; i++) await service(`many-${i}`)
    const waiting = await waitUntil('one to wait', async () => {
      const all = await Promise.all([0, 1, 2, 3, 4].map(i => get(`many-${i}`)))
      const without = all.filter(one => ingressOf(one) === '')
      return without.length === 1 ? without[0]?.metadata?.name : undefined
    })
    expect(await eventOf(waiting, 'PoolExhausted')).toContain('first')
    await condition(loadBalancerPools, 'first', 'Exhausted')
    await world.kube.client.mergePatch(
      resources.services,
      { namespace: 'default', name: 'a' },
      { spec: { type: 'ClusterIP' } },
    )
    await hasAddresses(waiting, '192.0.2.1')
    await waitUntil('nothing of ours to be left', async () => {
      const one = await get('a')
      const left = Object.keys(one.metadata?.annotations ?? {}).filter(name => name.startsWith('zstack.io/'))
      return ingressOf(one) === '' && left.length === 0
    })
  })

  it('of another controller’s class is left alone; ours may be named', async () => {
    await pool('third', { addresses: ['203.0.113.0/24'] })
    await service('theirs', { loadBalancerClass: 'example.com/other' })
    await service('ours', { loadBalancerClass })
    await waitUntil('ours to have an address', async () => ingressOf(await get('ours')).startsWith('203.0.113.'))
    expect((await get('theirs')).status?.loadBalancer ?? {}).toEqual({})
  })

  it('moves to another pool when its own is not for it any more; a pool in use is kept by its finalizer', async () => {
    const { client } = world.kube
    await pool('fourth', { addresses: ['10.99.0.0/24'], serviceSelector: { matchLabels: { name: 'picky' } } })
    await service('picky', {}, { [annotationNames.service.loadBalancerPool]: 'fourth' })
    await hasAddresses('picky', '10.99.0.1')
    await removePool('fourth')
    await condition(loadBalancerPools, 'fourth', 'InUse')
    await client.mergePatch(
      resources.services,
      { namespace: 'default', name: 'picky' },
      { metadata: { annotations: { [annotationNames.service.loadBalancerPool]: null }, labels: { name: 'easy' } } },
    )
    await waitUntil('an address of another pool', async () => ingressOf(await get('picky')).startsWith('203.0.113.'))
    await waitUntil('the pool to go', () =>
      client.get(loadBalancerPools, { name: 'fourth' }).then(
        () => false,
        error => isApiError(error, 'notFound'),
      ),
    )
  })

  it('has no part in a pool that is deleted while nobody leads: it goes when somebody does, as a Subnet does', async () => {
    const { client } = world.kube
    await pool('unused', { addresses: ['10.98.0.0/24'] })
    await world.addSubnet('unused', { cidr: '10.97.0.0/24', gateway: '10.97.0.1' })
    const all = [
      [loadBalancerPools, 'unused'],
      [subnets, 'unused'],
    ] as const
    for (const [resource, name] of all) {
      await waitUntil(`the finalizer of ${resource.kind}`, async () => {
        const { metadata } = await client.get<KubeObject>(resource, { name })
        return (metadata?.finalizers ?? []).length > 0
      })
    }
    await world.stopController()
    for (const [resource, name] of all) await client.delete(resource, { name })
    await world.startController()
    for (const [resource, name] of all) {
      await waitUntil(`${resource.kind} to go`, () =>
        client.get<KubeObject>(resource, { name }).then(
          () => false,
          error => isApiError(error, 'notFound'),
        ),
      )
    }
  })

  it('gets no address of a pool that overlaps another one or a Subnet', async () => {
    await pool('clash', { addresses: ['192.0.2.4/31'] })
    await condition(loadBalancerPools, 'clash', 'LoadBalancerPool first')
    await pool('pods', { addresses: ['10.244.7.0/24'] })
    await condition(loadBalancerPools, 'pods', 'Subnet default')
    for (const name of ['clash', 'pods']) await removePool(name)
  })
})

describe('an EgressIP', () => {
  const egress = (name: string, spec: EgressIPSpec) => world.kube.client.create(egressIPs, { metadata: { name }, spec })
  const items = async (name: string) => {
    const { status } = await world.kube.client.get(egressIPs, { name })
    return Object.fromEntries((status?.items ?? []).map(({ address, node }) => [address, node]))
  }
  const policies = () =>
    world.nbctl('--bare', '--columns=match,nexthops', 'find', 'Logical_Router_Policy', 'priority=15000')
  const members = async (address: string) =>
    (await world.nbctl('--bare', '--columns=addresses', 'find', 'Address_Set', `name=egress_${address}`)).trim()

  it('spreads its addresses over the gateway nodes, and leads its pods there', async () => {
    await world.addPod('shop-1')
    await world.addPod('other', { namespace: 'kube-public' })
    const address = await world.podAddress('shop-1')
    await egress('shop', {
      addresses: ['192.0.2.100', '192.0.2.101'],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
      nodeSelector: { matchLabels: { gateway: 'yes' } },
      excludedCIDRs: ['198.18.0.0/15'],
    })
    const held = await waitUntil('both to be held', async () => {
      const all = await items('shop')
      return Object.keys(all).length === 2 ? all : undefined
    })
    expect(Object.values(held).sort()).toEqual(['n1', 'n2'])
    await condition(egressIPs, 'shop', '"status":"True"')
    await world.settled()
    const sets = [await members('192.0.2.100'), await members('192.0.2.101')]
    expect(sets.filter(one => one !== '')).toEqual([address])
    expect(await policies()).toContain('ip4.src == $egress_192.0.2.100 && !(ip4.dst == 198.18.0.0/15)')
  })

  it('leaves a cordoned node at once, and does not come back', async () => {
    const { client } = world.kube
    const cordon = (name: string, unschedulable: boolean) =>
      client.mergePatch(resources.nodes, { name }, { spec: { unschedulable } })
    await cordon('n1', true)
    await waitUntil('n2 to hold both', async () => Object.values(await items('shop')).join() === 'n2,n2')
    const before = await policies()
    await cordon('n1', false)
    await world.addPod('shop-2')
    await world.podAddress('shop-2')
    await world.settled()
    expect(Object.values(await items('shop')).join()).toBe('n2,n2')
    expect(await policies()).toBe(before)
  })

  it('stays where it is through a restart of the controller, which writes nothing', async () => {
    await world.subnet('default', ({ status }) => status?.usedIPs === 3)
    await world.settled()
    await world.stopController()
    const before = world.requests('PATCH')
    await world.startController()
    await world.settled()
    expect(world.requests('PATCH')).toBe(before)
    expect(Object.values(await items('shop')).join()).toBe('n2,n2')
  })

  it('with an address that somebody has is refused, and says who', async () => {
    for (const [name, address, holder] of [
      ['twice', '192.0.2.100', 'EgressIP shop'],
      ['subnet', '10.244.0.9', 'Subnet default'],
      ['join', '100.64.0.9', 'network.joinCIDR'],
    ] as const) {
      await egress(name, { addresses: [address], podSelector: {} })
      await condition(egressIPs, name, holder)
    }
    await world.kube.client.delete(egressIPs, { name: 'twice' })
    await egress('balancer', { addresses: ['198.51.100.8'], podSelector: {} })
    await condition(egressIPs, 'balancer', 'Service default/c')
  })

  it('tells of pods that an older one has, and gets them when that goes', async () => {
    await egress('younger', { addresses: ['192.0.2.110'], podSelector: {}, subnets: ['default'] })
    await condition(egressIPs, 'younger', 'PodsOfOthers')
    await world.settled()
    const all = await Promise.all([world.podAddress('shop-1'), world.podAddress('shop-2')])
    expect(await members('192.0.2.110')).toBe(await world.podAddress('other', 'kube-public'))
    await world.kube.client.delete(egressIPs, { name: 'shop' })
    await waitUntil('the pods to change hands', async () => {
      const now = await members('192.0.2.110')
      return all.every(address => now.split(' ').includes(address))
    })
    expect(await policies()).not.toContain('192.0.2.100')
  })

  it('without a node says so, and leads nobody', async () => {
    await egress('nowhere', {
      addresses: ['192.0.2.120'],
      podSelector: { matchLabels: { app: 'none' } },
      nodeSelector: { matchLabels: { gateway: 'never' } },
    })
    await condition(egressIPs, 'nowhere', 'NoNode')
    expect(await policies()).not.toContain('192.0.2.120')
  })
})
