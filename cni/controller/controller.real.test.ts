import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './testing/world.ts'

/** One world for the tests in their order: each goes on from what the one before left. */
let w: World
beforeAll(async () => {
  w = await World.start()
  await w.addNode('n1', '192.168.0.11')
  await w.startController()
})
afterAll(() => w[Symbol.asyncDispose]())

const active = (subnet: { status?: { phase?: string } }) => subnet.status?.phase === 'Active'
const gone = (port: string) => waitUntil(`port ${port} to be gone`, async () => (await w.portAddresses(port)) === '')

describe('an empty cluster', () => {
  it('gets a default Subnet that becomes Active, a router and the join network', async () => {
    const subnet = await w.subnet('default', active, 'Active')
    expect(subnet.spec).toMatchObject({ cidr: '10.244.0.0/16', gateway: '10.244.0.1', default: true })
    expect(subnet.status).toMatchObject({ logicalSwitch: 'subnet-default', usedIPs: 0, availableIPs: 2046 })
    expect(await w.nbctl('get', 'Logical_Switch', 'subnet-default', 'other_config:subnet')).toContain('10.244.0.0/16')
    expect(await w.nbctl('lr-route-list', 'cluster')).toMatch(/0\.0\.0\.0\/0\s+100\.64\.255\.254/)
    expect(await w.nbctl('get', 'Logical_Router', 'cluster', 'options')).toContain(
      'always_learn_from_arp_request="false"',
    )
  })

  it('gives the node a management port with its service sources, recorded on the node, and routes to it', async () => {
    expect(await w.portAddresses('node-n1')).toBe('0a:58:64:40:00:02 100.64.0.2 fd98::2 100.64.64.2 fd98::4000:0:0:2')
    const policies = await w.nbctl('lr-policy-list', 'cluster')
    expect(policies).toMatch(/30000\s+ip4\.dst == 10\.244\.0\.0\/16\s+allow/)
    expect(policies).toMatch(/20000\s+ip4\.dst == 192\.168\.0\.11\s+reroute\s+100\.64\.0\.2/)
    expect(policies).toMatch(
      /10000\s+ip4\.src == \$overlay_v4 && is_chassis_resident\("node-n1"\)\s+reroute\s+100\.64\.0\.2/,
    )
  })
})

describe('a pod', () => {
  it('gets an address, its annotations by one write, and its port', async () => {
    const before = w.requests('PATCH')
    const pod = await w.addPod('web')
    expect(await w.podAddress('web')).toBe('10.244.0.2')
    await w.settled()
    expect(w.requests('PATCH') - before).toBeLessThanOrEqual(2) // the pod, and the Subnet's status
    expect(await w.portAddresses('default_web')).toBe('0a:58:0a:f4:00:02 10.244.0.2')
    const port = await w.nbctl('list', 'Logical_Switch_Port', 'default_web')
    expect(port).toContain(`pod-uid="${pod.metadata?.uid}"`)
    expect(port).toContain(`iface-id-ver="${pod.metadata?.uid}"`)
    expect(port).toContain('zstack.io/managed-by"=zstack-ovn-kubernetes')
    expect(await w.nbctl('lsp-list', 'subnet-default')).toContain('default_web')
  })

  it('has the documented annotation', async () => {
    const { resources } = await import('@ovnkit/kube')
    const pod = await w.kube.client.get(resources.pods, { namespace: 'default', name: 'web' })
    const annotations = pod.metadata?.annotations ?? {}
    expect(JSON.parse(annotations['k8s.ovn.org/pod-networks'] ?? '')).toEqual({
      default: {
        ip_addresses: ['10.244.0.2/16'],
        mac_address: '0a:58:0a:f4:00:02',
        gateway_ips: ['10.244.0.1'],
        routes: [{ dest: '10.96.0.0/16', nextHop: '10.244.0.1' }],
      },
    })
    expect(annotations).toMatchObject({
      'zstack.io/pod-mac': '0a:58:0a:f4:00:02',
      'zstack.io/subnet': 'default',
      'zstack.io/logical-switch': 'subnet-default',
      'zstack.io/logical-switch-port': 'default_web',
    })
  })

  it('that brings another pod’s record in its manifest gets an address and a record of its own', async () => {
    const { resources } = await import('@ovnkit/kube')
    const { metadata } = await w.kube.client.get(resources.pods, { namespace: 'default', name: 'web' })
    await w.addPod('copy', { annotations: { ...metadata?.annotations } })
    const copy = await waitUntil('the pod to have its own record', async () => {
      const pod = await w.kube.client.get(resources.pods, { namespace: 'default', name: 'copy' })
      return pod.metadata?.annotations?.['zstack.io/pod-uid'] === pod.metadata?.uid ? pod : undefined
    })
    expect(copy.metadata?.annotations?.['zstack.io/pod-ip']).not.toBe('10.244.0.2')
    await w.deletePod('copy')
    await gone('default_copy')
  })

  it('is counted in its Subnet within a second', async () => {
    await w.subnet('default', ({ status }) => status?.usedIPs === 1 && status.availableIPs === 2045, 'counted')
  })

  it('that is force-deleted loses its port, and its address is the last to be given again', async () => {
    await w.deletePod('web')
    await gone('default_web')
    await w.addPod('next')
    expect(await w.podAddress('next')).toBe('10.244.0.4')
  })

  it('that is created anew under its name gets a port of its own', async () => {
    const first = await w.nbctl('get', 'Logical_Switch_Port', 'default_next', '_uuid')
    await w.deletePod('next')
    await w.addPod('next')
    expect(await w.podAddress('next')).toBe('10.244.0.5')
    await w.settled()
    expect(await w.nbctl('get', 'Logical_Switch_Port', 'default_next', '_uuid')).not.toBe(first)
  })
})

describe('the controller’s absence', () => {
  it('changes nothing: a restart writes nothing', async () => {
    await w.counted()
    await w.stopController()
    const before = [w.requests('PATCH'), w.requests('POST'), w.requests('PUT')]
    const file = await w.nbctl('get', 'Logical_Switch_Port', 'default_next', '_uuid')
    const controller = await w.startController()
    await w.settled()
    expect(controller.session?.engine.stats.operations).toBe(0)
    expect([w.requests('PATCH'), w.requests('POST'), w.requests('PUT')]).toEqual(before)
    expect(await w.nbctl('get', 'Logical_Switch_Port', 'default_next', '_uuid')).toBe(file)
  })

  it('is made up for: pods that came and went meanwhile', async () => {
    await w.stopController()
    await w.deletePod('next')
    await w.addPod('meanwhile')
    await w.startController()
    expect(await w.podAddress('meanwhile')).not.toBe('10.244.0.5')
    await gone('default_next')
  })

  it('may be that of the whole Northbound database: it is written anew, addresses and all', async () => {
    const address = await w.portAddresses('default_meanwhile')
    expect(address).not.toBe('')
    await w.nbctl(
      '--all',
      'destroy',
      'Logical_Switch',
      '--',
      '--all',
      'destroy',
      'Logical_Router',
      '--',
      '--all',
      'destroy',
      'Address_Set',
    )
    await waitUntil('the port to be back', async () => (await w.portAddresses('default_meanwhile')) === address)
    await w.settled()
    expect(await w.nbctl('lr-route-list', 'cluster')).toContain('100.64.255.254')
  })
})
