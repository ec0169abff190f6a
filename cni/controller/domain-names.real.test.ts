import { resolvedNames } from '@ovnkit/cni-api'
import { domainSetId, domainSetName } from '@ovnkit/cni-policy'
import { type CustomResourceDefinition, resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminResources } from './policy/admin/resources.ts'
import { World } from './testing/world.ts'

const anything: object = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** The API's own, without its validation. */
const definition: CustomResourceDefinition = {
  metadata: {
    name: 'clusternetworkpolicies.policy.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'unapproved' },
  },
  spec: {
    group: 'policy.networking.k8s.io',
    scope: 'Cluster',
    names: { plural: 'clusternetworkpolicies', kind: 'ClusterNetworkPolicy' },
    versions: [
      {
        name: 'v1alpha2',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: anything },
      },
    ],
  },
}

/** One world for the tests in their order: each goes on from what the one before left. */
let w: World
beforeAll(async () => {
  w = await World.start({ northd: true })
  await w.kube.client.create(resources.customResourceDefinitions, definition)
  await w.addNode('n1', '192.168.0.11')
  await w.addNode('n2', '192.168.0.12')
  await w.startController({ networkPolicy: { dnsServers: ['10.96.0.10'] } })
  await w.subnet('default', ({ status }) => status?.phase === 'Active', 'Active')
})
afterAll(() => w[Symbol.asyncDispose]())

const cluster = { apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy' }
const policy = (domainNames: readonly string[]) => ({
  ...cluster,
  metadata: { name: 'world' },
  spec: {
    tier: 'Admin',
    priority: 1,
    subject: { pods: { podSelector: { matchLabels: { app: 'client' } } } },
    egress: [
      { action: 'Accept', to: [{ domainNames }] },
      { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
    ],
  },
})
const apply = (names: readonly string[]) =>
  waitUntil('the policy to be taken', () =>
    w.kube.client.apply(adminResources.ClusterNetworkPolicy, policy(names), { fieldManager: 'test', force: true }).then(
      () => true,
      () => false,
    ),
  )

const learn = (node: string, names: Readonly<Record<string, readonly string[]>>) =>
  w.kube.client.patchStatus(
    resolvedNames,
    { name: node },
    {
      names: Object.entries(names).map(([name, addresses]) => ({
        name,
        addresses: addresses.map(address => ({ address, until: '2999-01-01T00:00:00Z' })),
      })),
    },
  )
const asked = async () => (await w.kube.client.list(resolvedNames)).items.map(({ metadata }) => metadata?.name)
const addressesOf = async (name: string) =>
  (await w.nbctl('--bare', '--columns=addresses', 'find', 'Address_Set', `name=${domainSetName(domainSetId(name), 4)}`))
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .sort()

describe('domain names of policies', () => {
  it('are asked of every node, with whom to listen to and whom to believe', async () => {
    await apply(['www.Example.com', '*.example.org'])
    await waitUntil('every node to be asked', async () => (await asked()).join() === 'n1,n2')
    const { spec } = await w.kube.client.get(resolvedNames, { name: 'n1' })
    expect(spec).toEqual({
      names: ['*.example.org', 'www.example.com'],
      servers: ['10.96.0.10/32'],
      pods: [
        {
          namespaceSelector: { matchExpressions: [] },
          podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['client'] }] },
        },
      ],
    })
    await w.addNode('n3', '192.168.0.13')
    await waitUntil('the new node to be asked', async () => (await asked()).includes('n3'))
  })

  it('let pods to the addresses that nodes have learned, and to no others', async () => {
    await w.addPod('client', { labels: { app: 'client' } })
    const source = await w.podAddress('client')
    await w.settled()
    const passes = async (to: string) => {
      await w.nbctl('--wait=sb', 'sync')
      const mac = (text: string) =>
        `0a:58:${text
          .split('.')
          .map(part => Number(part).toString(16).padStart(2, '0'))
          .join(':')}`
      const ethernet = `inport=="default_client" && eth.src==${mac(source)} && eth.dst==${mac('10.244.0.1')}`
      const flow = `${ethernet} && ip.ttl==64 && ip4.src==${source} && ip4.dst==${to} && tcp && tcp.dst==443`
      return (await w.trace('subnet-default', flow)).includes('output("node-')
    }
    expect(await passes('192.0.2.1')).toBe(false)
    await learn('n1', { 'www.example.com': ['192.0.2.1', '2001:db8::1'] })
    await learn('n2', { 'www.example.com': ['192.0.2.1'], '*.example.org': ['192.0.2.2'], 'x.y.z': ['192.0.2.3'] })
    await waitUntil('the addresses', async () => (await addressesOf('*.example.org')).length === 1)
    expect(await addressesOf('www.example.com')).toEqual(['192.0.2.1'])
    expect(await passes('192.0.2.1')).toBe(true)
    expect(await passes('192.0.2.2')).toBe(true)
    expect(await passes('192.0.2.3')).toBe(false)
  })

  it('cost one element for an address more', async () => {
    await w.settled()
    const { engine } = w.controller.session ?? {}
    const before = engine?.stats.operations ?? 0
    await learn('n3', { 'www.example.com': ['192.0.2.9'] })
    await waitUntil('the address', async () => (await addressesOf('www.example.com')).includes('192.0.2.9'))
    await w.settled()
    expect((engine?.stats.operations ?? 0) - before).toBe(1)
  })

  it('are written nothing again after a restart', async () => {
    await w.settled()
    await w.counted()
    await waitUntil('the policy to say so', async () => {
      const { status } = await w.kube.client.get(adminResources.ClusterNetworkPolicy, { name: 'world' })
      return JSON.stringify(status).includes('"Programmed","status":"True"')
    })
    await w.stopController()
    const { session } = await w.startController({ networkPolicy: { dnsServers: ['10.96.0.10'] } })
    await w.settled()
    expect(session?.engine.stats).toMatchObject({ operations: 0, rejections: 0 })
  })

  it('go with the node that learned them', async () => {
    await w.kube.client.delete(resources.nodes, { name: 'n3' })
    await waitUntil('its record to go', async () => (await asked()).join() === 'n1,n2')
    await waitUntil('its address to go', async () => (await addressesOf('www.example.com')).join() === '192.0.2.1')
  })

  it('leave nothing behind when no policy has any', async () => {
    await apply(['www.example.com'])
    await waitUntil('one set to go', async () => (await addressesOf('*.example.org')).length === 0)
    await w.kube.client.delete(adminResources.ClusterNetworkPolicy, { name: 'world' })
    await waitUntil('the records to go', async () => (await asked()).length === 0)
    await waitUntil('the other set to go', async () => (await addressesOf('www.example.com')).length === 0)
    expect(await w.nbctl('--bare', '--columns=name', 'list', 'Address_Set')).not.toMatch(/np_d/)
  })
})
