import { annotationNames, managedBy } from '@ovnkit/cni-api'
import { resources } from '@ovnkit/kube'
import { run } from '@ovnkit/ovsdb/testing'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { subnetResource } from './resources.ts'
import { World } from './testing/world.ts'

/** An OVN of ZStack's in use: a network with two machines and rules, a balancer group, two hypervisors. */
let w: World
let theirs: string
const election = ['--leader-elect-lease-duration=12s', '--leader-elect-renew-deadline=10s']

beforeAll(async () => {
  w = await World.start({ northd: true, settings: { ovn: { mode: 'external' }, tunnel: { type: 'geneve' } } })
  for (const command of [
    'ls-add ls-vpc',
    'set Logical_Switch ls-vpc other_config:subnet=10.100.0.0/24',
    'lr-add vpc',
    'lrp-add vpc vpc-lrp fa:16:3e:00:00:01 10.100.0.1/24',
    'lsp-add ls-vpc vpc-lsp -- lsp-set-type vpc-lsp router -- lsp-set-addresses vpc-lsp router -- lsp-set-options vpc-lsp router-port=vpc-lrp',
    'lsp-add ls-vpc vm1 -- lsp-set-addresses vm1 fa:16:3e:00:00:02',
    'pg-add sg_web vm1',
    'pg-add sg_db',
    'acl-add sg_web to-lport 2000 ip4 allow-related',
    'lb-add lb1 10.0.0.1:80 10.100.0.9:80',
    'create Load_Balancer_Group name=theirs',
    'add Logical_Switch ls-vpc load_balancer_group @theirs -- --id=@theirs create Load_Balancer_Group name=others',
    'create Address_Set name=zs external_ids:owner=zstack',
  ])
    await w.nbctl(...command.split(' '))
  for (const chassis of ['hv1', 'n2']) await w.sbctl('chassis-add', chassis, 'geneve', `192.168.0.${chassis.at(-1)}`)
  await w.nbctl('--wait=sb', 'sync')
  await w.nbctl('lsp-set-addresses', 'vm1', 'fa:16:3e:00:00:02 10.100.0.2')
  theirs = await everything()
})
afterAll(() => w?.[Symbol.asyncDispose]())

/** All rows of both databases but northd's own, whole. */
async function everything(): Promise<string> {
  const tables = async (remote: string, database: string, wanted: (table: string) => boolean) => {
    const all = (await run('ovsdb-client', ['--no-headings', 'list-tables', remote, database])).split('\n')
    const names = all.map(line => line.trim()).filter(name => name !== '' && wanted(name))
    return Promise.all(names.map(name => run('ovsdb-client', ['dump', remote, database, name])))
  }
  const nb = await tables(w.nb.remote, 'OVN_Northbound', name => !['NB_Global', 'Connection'].includes(name))
  const sb = await tables(w.sb.remote, 'OVN_Southbound', name => ['Chassis', 'Chassis_Private', 'Encap'].includes(name))
  return [...nb, ...sb].join('\n')
}

const groupsOnSwitch = async () =>
  (await w.nbctl('--bare', 'get', 'Logical_Switch', 'ls-vpc', 'load_balancer_group')).split(',').length
const portsOf = async (group: string) =>
  (await w.nbctl('--bare', '--columns=ports', 'find', 'Port_Group', `name=${group}`)).trim().split(/\s+/).length

/** One node whose chassis is ours, one that is a hypervisor; two pods, a Service, our elements in sets of ZStack's. */
async function install(): Promise<void> {
  await w.sbctl('chassis-add', 'n1', 'geneve', '192.168.0.11')
  for (const [name, foreign] of Object.entries({ n1: undefined, n2: 'true' })) {
    await w.addNode(name, `192.168.0.1${name.at(-1)}`)
    const annotations = { [annotationNames.node.chassis]: name, [annotationNames.node.foreignChassis]: foreign }
    await w.kube.client.mergePatch(resources.nodes, { name }, { metadata: { annotations } })
  }
  await w.kube.client.create(subnetResource, {
    metadata: { name: 'vpc', annotations: { 'zstack.io/security-groups': 'sg_web' } },
    spec: { cidr: '10.100.0.0/24', gateway: '10.100.0.1', externalLogicalSwitch: 'ls-vpc', enableServices: true },
  })
  await w.addPod('a')
  await w.addPod('b', { node: 'n2', annotations: { 'zstack.io/security-groups': 'sg_db' } })
  for (const pod of ['a', 'b']) await w.podAddress(pod)
  await waitUntil('our group on the switch', async () => (await groupsOnSwitch()) === 2)
  await waitUntil('members', async () => (await portsOf('sg_web')) === 3 && (await portsOf('sg_db')) === 1)
  await waitUntil('the mark on our chassis', async () =>
    (await w.sbctl('get', 'Chassis', 'n1', 'external_ids')).includes('zstack.io/node'),
  )
}

describe('elements of ours in rows of others', () => {
  it('go when what wants them went while no controller ran', async () => {
    await w.startController()
    await install()
    await w.stopController()
    await w.kube.client.mergePatch(subnetResource, { name: 'vpc' }, { spec: { enableServices: false } })
    const annotations = { 'zstack.io/security-groups': null }
    await w.kube.client.mergePatch(resources.pods, { namespace: 'default', name: 'b' }, { metadata: { annotations } })
    await w.startController()
    await waitUntil('our group to be off the switch', async () => (await groupsOnSwitch()) === 1)
    await waitUntil(
      'the port to be out of the group',
      async () => (await w.nbctl('--bare', '--columns=ports', 'find', 'Port_Group', 'name=sg_db')).trim() === '',
    )
    expect(await portsOf('sg_web')).toBe(3)
    await w.kube.client.mergePatch(subnetResource, { name: 'vpc' }, { spec: { enableServices: true } })
    await waitUntil('our group on the switch', async () => (await groupsOnSwitch()) === 2)
    await w.settled()
    expect(w.controller.session?.engine.recompute()).toEqual([])
  })

  it('are none on the chassis of a hypervisor', async () => {
    expect(await w.sbctl('get', 'Chassis', 'n2', 'external_ids')).not.toContain('zstack')
    expect(await w.sbctl('--bare', '--columns=options', 'find', 'Encap', 'chassis_name=n2')).not.toContain('dst_port')
  })
})

describe('--cleanup', () => {
  it('waits for the controller that leads to end, takes all that is ours, and leaves all that is not', async () => {
    await w.stopController()
    const controller = await w.startProgram('controller', ...election)
    await waitUntil('a controller to lead', async () => (await controller.log()).includes('"leading"'))
    const cleaner = await w.startProgram('cleaner', '--cleanup', ...election)
    await waitUntil('it to wait', async () => (await cleaner.log()).includes('waiting until the controller'))
    expect((await cleaner.ask('/readyz')).text).toContain('not clean yet')
    expect(await w.nbctl('ls-list')).toContain('join')
    await controller.daemon.stop()
    await waitUntil('all to be gone', async () => (await cleaner.ask('/readyz')).status === 200, 60_000)
    expect(await everything()).toBe(theirs)
    expect(theirs).not.toContain(managedBy)
  })
})
