import { type EndpointSlice, resources, type Service } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './testing/world.ts'

/** Services on a real API server and real databases, in their order: each test goes on from what the one before left. */
let w: World
beforeAll(async () => {
  w = await World.start({ northd: true })
  await w.addNode('n1', '192.168.0.11')
  await w.addNode('n2', '192.168.0.12')
  await w.sbctl('chassis-add', 'n1', 'vxlan', '192.168.0.11')
  await w.sbctl('set', 'Chassis', 'n1', 'other_config:datapath-type=netdev')
  await w.startController()
})
afterAll(() => w[Symbol.asyncDispose]())

const namespace = 'default'
const http = { name: 'http', port: 80 }

function addService(name: string, spec: NonNullable<Service['spec']>): Promise<Service> {
  return w.kube.client.create(resources.services, { metadata: { namespace, name }, spec: { ports: [http], ...spec } })
}

const patchService = (name: string, spec: object) =>
  w.kube.client.mergePatch(resources.services, { namespace, name }, { spec })

interface Endpoints {
  readonly of: string
  readonly addresses: readonly string[]
  readonly port?: number
  readonly node?: string
  readonly conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
  readonly zone?: string
}

function sliceOf(name: string, options: Endpoints): EndpointSlice {
  const { of, addresses, port = 8080, node = 'n1', conditions = {}, zone } = options
  return {
    metadata: { namespace, name, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port }],
    endpoints: addresses.map(address => ({
      addresses: [address],
      nodeName: node,
      conditions,
      ...(zone !== undefined && { hints: { forZones: [{ name: zone }] } }),
    })),
  }
}

const addSlice = (name: string, options: Endpoints) =>
  w.kube.client.create(resources.endpointSlices, sliceOf(name, options))
const setSlice = (name: string, options: Endpoints) =>
  w.kube.client.mergePatch(resources.endpointSlices, { namespace, name }, sliceOf(name, options))

/** Name to `vips` of the balancers of a Service, as the database has them. */
async function balancers(service: string): Promise<Record<string, string>> {
  const rows = await w.nbctl(
    ...['--format=json', '--columns=name,vips', 'find', 'Load_Balancer', `external_ids:service=${service}`],
  )
  const { data }: { data: [string, [string, [string, string][]]][] } = JSON.parse(rows)
  return Object.fromEntries(
    data.map(([name, [, vips]]) => [name, vips.map(([vip, backends]) => `${vip}=${backends}`).join(' ')]),
  )
}

async function variables(node: string): Promise<string> {
  return (await w.nbctl('--bare', '--columns=variables', 'find', 'Chassis_Template_Var', `chassis=${node}`)).trim()
}

const expected = (service: string, rows: Record<string, string>) =>
  waitUntil(`balancers of ${service} to be ${JSON.stringify(rows)}`, async () => {
    const found = await balancers(service)
    return JSON.stringify(found) === JSON.stringify(rows)
  })

async function addressOf(name: string): Promise<string> {
  const { spec } = await w.kube.client.get(resources.services, { namespace, name })
  return spec?.clusterIP ?? ''
}

/** NB operations of the engine while `work` runs, until `done`. */
async function operations(work: () => Promise<unknown>, done: () => Promise<unknown>): Promise<number> {
  await w.settled()
  const { stats } = w.controller.session?.engine ?? { stats: { operations: 0 } }
  const before = stats.operations
  await work()
  await done()
  await w.settled()
  return stats.operations - before
}

describe('a Service', () => {
  it('of the API server itself is there before anything else was made, to be rejected while it has no endpoint', async () => {
    // The test's API server listens on loopback, where it is nobody else's endpoint.
    await expected('kubernetes', { 'k8s-default-kubernetes_tcp': '10.96.0.1:443=' })
  })

  it('is one balancer with its endpoints, in the groups that every switch of ours has', async () => {
    const { spec } = await addService('web', {})
    await addSlice('web-1', { of: 'web', addresses: ['10.244.0.5', '10.244.0.6'] })
    await expected('web', { 'k8s-default-web_tcp': `${spec?.clusterIP}:80=10.244.0.5:8080,10.244.0.6:8080` })
    expect(
      await w.nbctl('--bare', '--columns=protocol,options', 'find', 'Load_Balancer', 'name=k8s-default-web_tcp'),
    ).toBe('tcp\nhairpin_snat_ip=169.254.169.5 fd69::5 reject=true\n')
    expect((await w.nbctl('--bare', '--columns=load_balancer', 'list', 'Logical_Switch')).trim()).toBe('')
    const groups = await w.nbctl('--bare', '--columns=load_balancer_group', 'list', 'Logical_Switch')
    expect(new Set(groups.split('\n').filter(one => one !== '')).size).toBe(2)
  })

  it('changes by one operation when an endpoint does', async () => {
    const address = await addressOf('web')
    const count = await operations(
      () => setSlice('web-1', { of: 'web', addresses: ['10.244.0.5', '10.244.0.7'] }),
      () => expected('web', { 'k8s-default-web_tcp': `${address}:80=10.244.0.5:8080,10.244.0.7:8080` }),
    )
    expect(count).toBe(1)
  })

  it('has the port of each of its slices, and loses nothing when they merge', async () => {
    const address = await addressOf('web')
    await addSlice('web-2', { of: 'web', addresses: ['10.244.0.8'], port: 9090 })
    await expected('web', { 'k8s-default-web_tcp': `${address}:80=10.244.0.5:8080,10.244.0.7:8080,10.244.0.8:9090` })
    await w.kube.client.delete(resources.endpointSlices, { namespace, name: 'web-1' })
    await expected('web', { 'k8s-default-web_tcp': `${address}:80=10.244.0.8:9090` })
  })

  it('goes on with terminating endpoints that serve, and rejects when there is nobody', async () => {
    const address = await addressOf('web')
    const conditions = { ready: false, serving: true, terminating: true }
    await setSlice('web-2', { of: 'web', addresses: ['10.244.0.8'], conditions })
    await setSlice('web-2', { of: 'web', addresses: ['10.244.0.8'], conditions: { ...conditions, serving: false } })
    await expected('web', { 'k8s-default-web_tcp': `${address}:80=` })
  })

  it('leaves nothing behind when it becomes headless, a name, or another port and protocol', async () => {
    await addService('names', {})
    await waitUntil('its balancer', async () => Object.keys(await balancers('names')).length === 1)
    await patchService('names', { ports: [{ name: 'u', port: 53, protocol: 'UDP' }] })
    await expected('names', { 'k8s-default-names_udp': `${await addressOf('names')}:53=` })
    await patchService('names', {
      type: 'ExternalName',
      externalName: 'a.b',
      clusterIP: null,
      clusterIPs: null,
      ports: [],
    })
    await expected('names', {})
    await addService('headless', { clusterIP: 'None' })
    await w.kube.client.delete(resources.services, { namespace, name: 'names' })
    expect(await balancers('headless')).toEqual({})
  })

  it('of another proxy is none of ours', async () => {
    await w.kube.client.mergePatch(
      resources.services,
      { namespace, name: 'web' },
      { metadata: { labels: { 'service.kubernetes.io/service-proxy-name': 'another' } } },
    )
    await expected('web', {})
    await w.kube.client.mergePatch(
      resources.services,
      { namespace, name: 'web' },
      { metadata: { labels: { 'service.kubernetes.io/service-proxy-name': null } } },
    )
    await expected('web', { 'k8s-default-web_tcp': `${await addressOf('web')}:80=` })
  })
})

describe('endpoints chosen node by node', () => {
  it('are variables of the nodes: internalTrafficPolicy Local', async () => {
    const { spec } = await addService('local', { internalTrafficPolicy: 'Local' })
    await addSlice('local-1', { of: 'local', addresses: ['10.244.0.5'], node: 'n1' })
    await addSlice('local-2', { of: 'local', addresses: ['10.244.1.5'], node: 'n2' })
    const address = spec?.clusterIP
    await waitUntil('both nodes to have theirs', async () => {
      const all = await Promise.all(['n1', 'n2'].map(variables))
      return all.join() === 'pods.default.local.tcp.80.v4=10.244.0.5:8080,pods.default.local.tcp.80.v4=10.244.1.5:8080'
    })
    const rows = await balancers('local')
    expect(rows).toEqual({
      'k8s-default-local_tcp_hosts': `${address}:80=10.244.0.5:8080,10.244.1.5:8080`,
      'k8s-default-local_tcp_pods-v4': `${address}:80=^pods.default.local.tcp.80.v4`,
    })
    expect(await w.nbctl('--bare', '--columns=addresses', 'find', 'Address_Set', 'name=services_local_v4')).toContain(
      address,
    )
  })

  it('cost a new node nothing of any Service', async () => {
    let changes = 0
    using _ = w.controller.nb.onBatch(batch => {
      if (batch.table('Load_Balancer') !== undefined) changes++
    })
    await w.addNode('n3', '192.168.0.13')
    await waitUntil('its port', async () => (await w.portAddresses('node-n3')) !== '')
    await w.settled()
    expect(changes).toBe(0)
    expect(await variables('n3')).toBe('')
  })

  it('are taken away with the Service, also when nobody watched', async () => {
    await w.stopController()
    await w.kube.client.delete(resources.services, { namespace, name: 'local' })
    await w.startController()
    await waitUntil('the variables to be gone', async () => (await variables('n1')) + (await variables('n2')) === '')
    expect(await balancers('local')).toEqual({})
  })

  it('go by zone where hints say so', async () => {
    const zone = (name: string, value: string) =>
      w.kube.client.mergePatch(
        resources.nodes,
        { name },
        { metadata: { labels: { 'topology.kubernetes.io/zone': value } } },
      )
    await Promise.all([zone('n1', 'east'), zone('n2', 'west')])
    await addService('near', {})
    await addSlice('near-1', { of: 'near', addresses: ['10.244.0.5'], node: 'n1', zone: 'east' })
    await addSlice('near-2', { of: 'near', addresses: ['10.244.1.5'], node: 'n2', zone: 'west' })
    await waitUntil('each node to have its own zone’s, and one without a zone all', async () => {
      const all = await Promise.all(['n1', 'n2', 'n3'].map(variables))
      const value = (text: string) => `nodes.default.near.tcp.80.v4=${text}`
      return (
        all.join(' ') === ['10.244.0.5:8080', '10.244.1.5:8080', '10.244.0.5:8080,10.244.1.5:8080'].map(value).join(' ')
      )
    })
  })

  it('are understood by northd', async () => {
    await w.nbctl('--wait=sb', 'sync')
    expect(await w.northdLog()).not.toMatch(/\|(lb|lflow|northd)\|(WARN|ERR)\|(?!Unknown chassis)/)
    const flows = await w.sbctl('lflow-list', 'subnet-default')
    expect(flows.includes('(backends=^nodes.default.near.tcp.80.v4)')).toBe(true)
  })
})

describe('what a Service’s owner should know', () => {
  it('is told as Events', async () => {
    await addService('sticky', {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_400 } },
      ports: [{ ...http, protocol: 'SCTP' }],
    })
    await waitUntil('the Events', async () => {
      const { items } = await w.kube.client.list(resources.events, { namespace })
      const reasons = items.flatMap(one => (one.involvedObject?.name === 'sticky' ? [one.reason] : []))
      return reasons.includes('SessionAffinityShortened') && reasons.includes('SCTPNotBalanced')
    })
    expect(
      await w.nbctl('--bare', '--columns=options', 'find', 'Load_Balancer', 'name=k8s-default-sticky_sctp'),
    ).toContain('affinity_timeout=65535')
  })
})

describe('another range of Services', () => {
  it('reaches the pods’ routes, and no Subnet may touch it', async () => {
    await w.addPod('client')
    await w.podAddress('client')
    await w.kube.client.create(resources.serviceCIDRs, {
      metadata: { name: 'more' },
      spec: { cidrs: ['10.97.0.0/24'] },
    })
    await waitUntil('the route', async () => {
      const { metadata } = await w.kube.client.get(resources.pods, { namespace, name: 'client' })
      return metadata?.annotations?.['k8s.ovn.org/pod-networks']?.includes('"dest":"10.97.0.0/24"')
    })
    await w.addSubnet('touching', { cidr: '10.97.0.0/16', gateway: '10.97.255.1' })
    const { status } = await w.subnet('touching', one => one.status?.phase === 'Failed', 'refused')
    expect(status?.message).toContain('ServiceCIDR more')
  })
})

describe('1,000 Services', () => {
  const names = Array.from({ length: 1000 }, (_, i) => `s${i}`)
  const count = async () =>
    (await w.nbctl('--bare', '--columns=name', 'find', 'Load_Balancer', 'external_ids:namespace=many'))
      .split('\n')
      .filter(one => one !== '').length
  const all = () => waitUntil('all balancers', async () => (await count()) === names.length, 60_000)

  it('are written nothing when the controller starts anew', async () => {
    await w.kube.client.create(resources.namespaces, { metadata: { name: 'many' } })
    const create = (name: string) =>
      w.kube.client.create(resources.services, { metadata: { namespace: 'many', name }, spec: { ports: [http] } })
    for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map(create))
    await all()
    await w.settled()
    await w.stopController()
    const { session } = await w.startController()
    await w.settled()
    expect(session?.engine.stats).toMatchObject({ operations: 0, commits: 0 })
  })

  it('are there again when the database was wiped', async () => {
    const ids = async (table: string) =>
      (await w.nbctl('--bare', '--columns=_uuid', 'list', table)).split(/\s+/).filter(one => one !== '')
    const switches = await ids('Logical_Switch')
    const groups = await ids('Load_Balancer_Group')
    await w.nbctl(
      ...switches.flatMap(uuid => ['--', 'clear', 'Logical_Switch', uuid, 'load_balancer_group']),
      ...groups.flatMap(uuid => ['--', 'destroy', 'Load_Balancer_Group', uuid]),
      ...['--', '--all', 'destroy', 'Load_Balancer'],
    )
    await all()
    const words = async (table: string, column: string) =>
      (await w.nbctl('--bare', `--columns=${column}`, 'list', table)).split(/\s+/).filter(one => one !== '')
    await waitUntil('both groups to be full', async () => {
      const members = await words('Load_Balancer_Group', 'load_balancer')
      return members.length >= 2 * names.length
    })
    await waitUntil('the switches to have them', async () => {
      const attached = await words('Logical_Switch', 'load_balancer_group')
      return new Set(attached).size === 2
    })
  })
})
