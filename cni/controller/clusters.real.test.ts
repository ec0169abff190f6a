import { annotationNames } from '@ovnkit/cni-api'
import { resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './testing/world.ts'

/** Two Kubernetes clusters on one OVN, with pods of the same names on the same switch of ZStack's. */
const shared = { ovn: { mode: 'external' }, tunnel: { type: 'geneve' } }
const vpc = { cidr: '10.100.0.0/24', gateway: '10.100.0.1', externalLogicalSwitch: 'ls-vpc', enableServices: true }
let red: World
let blue: World
beforeAll(async () => {
  red = await World.start({ northd: true, settings: shared })
  blue = await World.start({ beside: red, settings: shared })
  await red.nbctl('ls-add', 'ls-vpc', '--', 'set', 'Logical_Switch', 'ls-vpc', 'other_config:subnet=10.100.0.0/24')
  for (const [world, node, address] of [
    [red, 'n1', '192.168.0.11'],
    [blue, 'n2', '192.168.0.12'],
  ] as const) {
    await world.addNode(node, address)
    const annotations = { [annotationNames.node.chassis]: node }
    await world.kube.client.mergePatch(resources.nodes, { name: node }, { metadata: { annotations } })
    await world.sbctl('chassis-add', node, 'geneve', address)
    await world.addSubnet('vpc', vpc)
    await world.addPod('web', { node })
    await world.kube.client.create(resources.services, {
      metadata: { namespace: 'default', name: 'local' },
      spec: { ports: [{ port: 80 }], internalTrafficPolicy: 'Local', selector: { app: 'web' } },
    })
  }
})
afterAll(async () => {
  await blue?.[Symbol.asyncDispose]()
  await red?.[Symbol.asyncDispose]()
})

/** One after the other: of two that choose an address in the same moment neither can know. */
const start = async () => {
  await red.startController({ ovn: { clusterName: 'red' } })
  await red.podAddress('web')
  await blue.startController({ ovn: { clusterName: 'blue-1' } })
}
const stop = () => Promise.all([red.stopController(), blue.stopController()])

/** Every row that a cluster has marked, and everything that is called after one. */
async function rowsOf(world: World): Promise<string[]> {
  const { metadata } = await world.kube.client.get(resources.namespaces, { name: 'kube-system' })
  const texts = [
    'Logical_Switch',
    'Logical_Switch_Port',
    'Logical_Router',
    'Logical_Router_Port',
    'Logical_Router_Policy',
  ]
  const more = ['Logical_Router_Static_Route', 'Address_Set', 'Load_Balancer', 'Chassis_Template_Var']
  const rows = await Promise.all(
    [...texts, ...more].map(table =>
      world.nbctl('--bare', '--columns=_uuid', 'find', table, `external_ids:"zstack.io/cluster"=${metadata?.uid}`),
    ),
  )
  return rows.join('\n').split(/\s+/).filter(Boolean).sort()
}
const namesIn = async (table: string) =>
  (await red.nbctl('--bare', '--columns=name', 'list', table)).trim().split(/\s+/).sort()
const chassis = async () => (await red.sbctl('--bare', '--columns=name', 'list', 'Chassis')).trim().split(/\s+/).sort()

describe('two clusters on one OVN', () => {
  it('have rows under names of their own, and addresses that the other does not have', async () => {
    await start()
    const addresses = [await red.podAddress('web'), await blue.podAddress('web')]
    expect(new Set(addresses).size).toBe(2)
    const ports = await namesIn('Logical_Switch_Port')
    expect(ports).toEqual(
      expect.arrayContaining(['red.default_web', 'blue-1.default_web', 'red.node-n1', 'blue-1.node-n2']),
    )
    await waitUntil(
      'groups of both',
      async () => (await namesIn('Load_Balancer_Group')).join() === 'blue-1.hosts,blue-1.pods,red.hosts,red.pods',
    )
    expect(await namesIn('Address_Set')).toEqual(expect.arrayContaining(['red.overlay_v4', 'blue_1.overlay_v4']))
    expect(await namesIn('Logical_Router')).toEqual(['blue-1.cluster', 'red.cluster'])
    await waitUntil(
      'both groups on the switch',
      async () =>
        (await red.nbctl('--bare', 'get', 'Logical_Switch', 'ls-vpc', 'load_balancer_group')).trim().split(',')
          .length === 2,
    )
    const { metadata } = await blue.kube.client.get(resources.pods, { namespace: 'default', name: 'web' })
    expect(metadata?.annotations?.['zstack.io/logical-switch-port']).toBe('blue-1.default_web')
  })

  it('mean the same to OVN as they would alone: policies, sets and balancers find one another', async () => {
    await red.nbctl('--wait=sb', 'sync')
    const errors = await red.traceErrors('red.join', 'inport == "red.node-n1"')
    expect(errors).not.toMatch(/parsing|unknown|error/i)
    const matches = await red.nbctl('--bare', '--columns=match', 'list', 'Logical_Router_Policy')
    expect(matches).toContain('is_chassis_resident("blue-1.node-n2")')
    expect(matches).toContain('$blue_1.services_local_v4')
  })

  it('leave each other alone when they start anew, and when one of them has nothing left', async () => {
    const [of, others] = [await rowsOf(red), await rowsOf(blue)]
    expect(of.length).toBeGreaterThan(10)
    await stop()
    await start()
    await Promise.all([red.settled(), blue.settled()])
    expect(await rowsOf(red)).toEqual(of)
    expect(await rowsOf(blue)).toEqual(others)
    expect(await chassis()).toEqual(['n1', 'n2'])
    await red.kube.client.delete(resources.nodes, { name: 'n1' })
    await waitUntil('the chassis of red to go', async () => (await chassis()).join() === 'n2')
    await red.deletePod('web')
    await waitUntil('its port to go', async () => !(await namesIn('Logical_Switch_Port')).includes('red.default_web'))
    await red.settled()
    expect(await rowsOf(blue)).toEqual(others)
  })

  it('cannot have the same names: the second one says so and writes nothing', async () => {
    await stop()
    await red.startController()
    await waitUntil('the names of red', async () => (await namesIn('Logical_Router')).includes('cluster'))
    await red.settled()
    const of = await rowsOf(red)
    await blue.startController()
    const { status } = await blue.subnet('vpc', ({ status: is }) => is?.reason === 'NameConflict', 'refused')
    expect(status?.message).toMatch(/cluster.*ovn\.clusterName/)
    expect(status?.phase).toBe('Pending')
    const told = async () =>
      (await blue.kube.client.list(resources.events)).items.some(({ reason }) => reason === 'NameConflict')
    await waitUntil('an Event', told)
    expect((await namesIn('Logical_Router')).filter(name => name === 'cluster')).toEqual(['cluster'])
    expect(await rowsOf(red)).toEqual(of)
  })
})
