import type { Subnet } from '@ovnkit/cni-api'
import { resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { subnetResource } from './resources.ts'
import { World } from './testing/world.ts'

/** An OVN that is ZStack's: a VPC's switch with its router, two machines, a security group. */
let w: World
let theirs: string
beforeAll(async () => {
  w = await World.start({ northd: true, settings: { ovn: { mode: 'external' }, tunnel: { type: 'geneve' } } })
  const commands = [
    'ls-add ls-vpc',
    'set Logical_Switch ls-vpc other_config:subnet=10.100.0.0/24 external_ids:zstack.io/vpc-uuid=v1',
    'lr-add vpc',
    'lrp-add vpc vpc-lrp fa:16:3e:00:00:01 10.100.0.1/24',
    'lsp-add ls-vpc vpc-lsp -- lsp-set-type vpc-lsp router -- lsp-set-addresses vpc-lsp router -- lsp-set-options vpc-lsp router-port=vpc-lrp',
    'lsp-add ls-vpc vm1 -- lsp-set-addresses vm1 "fa:16:3e:00:00:02 10.100.0.2"',
    'lsp-add ls-vpc vm2 -- lsp-set-addresses vm2 "dynamic"',
    'pg-add sg_web vm1',
    'acl-add sg_web to-lport 2000 "outport==@sg_web && ip4 && tcp.dst==80" allow-related',
    'acl-add ls-vpc to-lport 900 "ip4" allow',
  ]
  for (const command of commands) await w.nbctl(...words(command))
  await w.nbctl('--wait=sb', 'sync')
  theirs = await foreignRows()
  await w.addNode('n1', '192.168.0.11')
  await w.startController()
})
afterAll(() => w[Symbol.asyncDispose]())

const words = (text: string) => [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

/** Every row that is not ours, whole. What refers to rows of ours is in sets of theirs, and is looked at by itself. */
async function foreignRows(): Promise<string> {
  const names = ['ls-vpc', 'vpc', 'vpc-lrp', 'vpc-lsp', 'vm1', 'vm2', 'sg_web']
  const tables = ['Logical_Switch', 'Logical_Router', 'Logical_Router_Port', 'Logical_Switch_Port', 'Port_Group']
  const rows = await Promise.all(tables.map(table => w.nbctl('--format=json', 'list', table)))
  const own = rows.flatMap(text => {
    const { headings, data }: { headings: string[]; data: unknown[][] } = JSON.parse(text)
    return data.map(row => Object.fromEntries(headings.map((heading, i) => [heading, row[i]])))
  })
  const kept = own.filter(({ name }) => names.includes(String(name)))
  const acls = await w.nbctl('--bare', '--columns=_uuid,priority,match', 'find', 'ACL', 'priority=2000')
  return JSON.stringify(kept.map(({ ports, load_balancer_group, ...rest }) => rest).sort(byUuid)) + acls
}
const byUuid = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

const vpc = { cidr: '10.100.0.0/24', gateway: '10.100.0.1', externalLogicalSwitch: 'ls-vpc' }
const membersOf = async (group: string) => {
  const uuids = (await w.nbctl('--bare', '--columns=ports', 'find', 'Port_Group', `name=${group}`)).trim().split(/\s+/)
  return Promise.all(
    uuids.map(async uuid => (await w.nbctl('--bare', 'get', 'Logical_Switch_Port', uuid, 'name')).trim()),
  )
}

describe('external mode', () => {
  it('has no default Subnet, and tells what does not agree with a switch', async () => {
    await w.settled()
    expect((await w.kube.client.list(subnetResource)).items).toEqual([])
    const reasons: [string, object, string][] = [
      ['missing', { ...vpc, externalLogicalSwitch: 'ls-other' }, 'SwitchNotFound'],
      ['wide', { ...vpc, cidr: '10.100.0.0/16' }, 'CIDRMismatch'],
      ['wrong', { ...vpc, gateway: '10.100.0.254' }, 'GatewayMismatch'],
    ]
    for (const [name, spec, reason] of reasons) {
      await w.addSubnet(name, { ...vpc, ...spec })
      const { status } = await w.subnet(name, ({ status: is }) => is?.reason === reason, reason)
      expect(status?.phase).toBe('Failed')
      const told = async () =>
        (await w.kube.client.list(resources.events)).items.some(
          ({ reason: why, involvedObject }) => why === reason && involvedObject.name === name,
        )
      await waitUntil(`an Event ${reason}`, told)
      await w.kube.client.delete(subnetResource, { name })
    }
  })

  it('lives beside the machines: their addresses are taken, those that OVN gave them too', async () => {
    await w.addSubnet('vpc', vpc)
    const { status } = await w.subnet('vpc', ({ status: is }) => is?.phase === 'Active', 'Active')
    const given = (await w.nbctl('--bare', 'get', 'Logical_Switch_Port', 'vm2', 'dynamic_addresses'))
      .split(' ')
      .at(-1)
      ?.replace(/["\s]/g, '')
    expect(status?.interconnectIP).not.toBe(given)
    await w.addPod('a')
    await w.addPod('b')
    const addresses = [await w.podAddress('a'), await w.podAddress('b')]
    for (const address of addresses)
      expect(['10.100.0.1', '10.100.0.2', given, status?.interconnectIP]).not.toContain(address)
    expect(await w.nbctl('lsp-list', 'ls-vpc')).toContain('default_a')
    expect(await w.nbctl('get', 'Logical_Switch', 'ls-vpc', 'load_balancer_group')).toContain('[]')
  })

  it('follows a switch that appears later', async () => {
    await w.addSubnet('later', { cidr: '10.101.0.0/24', gateway: '10.101.0.1', externalLogicalSwitch: 'ls-later' })
    await w.subnet('later', ({ status }) => status?.reason === 'SwitchNotFound', 'refused')
    await w.nbctl('ls-add', 'ls-later')
    await w.subnet('later', ({ status }) => status?.phase === 'Active', 'Active')
    await w.kube.client.delete(subnetResource, { name: 'later' })
    await waitUntil('our port to be gone', async () => (await w.nbctl('lsp-list', 'ls-later')).trim() === '')
  })

  it('shows a machine that got an address of a pod', async () => {
    const address = await w.podAddress('a')
    // ovn-nbctl itself would refuse it; ZStack's own program does not.
    await w.nbctl(
      'lsp-add',
      'ls-vpc',
      'vm3',
      '--',
      'set',
      'Logical_Switch_Port',
      'vm3',
      `addresses="fa:16:3e:00:00:03 ${address}"`,
    )
    const conflicts = (type: string) =>
      w.subnet('vpc', ({ status }) => status?.conditions?.some(one => one.type === type) === true, type)
    const { status } = await conflicts('AddressConflict')
    expect(status?.conditions?.find(({ type }) => type === 'AddressConflict')?.message).toMatch(/vm3/)
    await w.nbctl('lsp-del', 'vm3')
    await w.subnet(
      'vpc',
      ({ status: is }) => is?.conditions?.every(({ type }) => type !== 'AddressConflict') === true,
      'without',
    )
  })

  it('puts pods into the security groups of Subnet, namespace and pod, and takes them out', async () => {
    await w.nbctl('pg-add', 'sg_db')
    const annotations = { 'zstack.io/security-groups': 'sg_web' }
    await w.kube.client.mergePatch(subnetResource, { name: 'vpc' }, { metadata: { annotations } })
    await w.kube.client.mergePatch(
      resources.pods,
      { namespace: 'default', name: 'b' },
      { metadata: { annotations: { 'zstack.io/security-groups': 'sg_db' } } },
    )
    await waitUntil(
      'both in sg_web',
      async () => (await membersOf('sg_web')).sort().join() === 'default_a,default_b,vm1',
    )
    await waitUntil('one in sg_db', async () => (await membersOf('sg_db')).join() === 'default_b')
    await w.kube.client.mergePatch(
      subnetResource,
      { name: 'vpc' },
      { metadata: { annotations: { 'zstack.io/security-groups': null } } },
    )
    await waitUntil('none in sg_web', async () => (await membersOf('sg_web')).join() === 'vm1')
  })

  it('does not start a pod without the group that it names', async () => {
    await w.addPod('careful', { annotations: { 'zstack.io/security-groups': 'sg_none' } })
    const told = async () =>
      (await w.kube.client.list(resources.events)).items.some(({ reason }) => reason === 'NoSecurityGroup')
    await waitUntil('an Event', told)
    expect(await w.portAddresses('default_careful')).toBe('')
    await w.nbctl('pg-add', 'sg_none')
    await waitUntil('its port', async () => (await w.portAddresses('default_careful')) !== '')
    await w.deletePod('careful')
    await waitUntil(
      'no member left',
      async () => (await w.nbctl('--bare', '--columns=ports', 'find', 'Port_Group', 'name=sg_none')).trim() === '',
    )
    await w.nbctl('pg-del', 'sg_none')
  })

  it('shows which rules of ZStack’s come before policies of the cluster, on the switch and on groups that pods are in', async () => {
    const bypassed = ({ status }: Subnet) => status?.conditions?.find(({ type }) => type === 'PolicyBypassed')?.message
    // The rule of priority 900 on the switch comes after them.
    await w.subnet('vpc', subnet => bypassed(subnet) === undefined, 'without')
    await w.kube.client.mergePatch(
      resources.pods,
      { namespace: 'default', name: 'b' },
      { metadata: { annotations: { 'zstack.io/security-groups': 'sg_web' } } },
    )
    const inGroup = await w.subnet('vpc', subnet => bypassed(subnet) !== undefined, 'with a rule')
    expect(bypassed(inGroup)).toMatch(/group sg_web: to-lport 2000 ".*tcp.dst==80" allow-related$/)
    await w.nbctl('acl-add', 'ls-vpc', 'from-lport', '1000', 'ip4.dst==192.0.2.1', 'allow-stateless')
    const both = await w.subnet('vpc', subnet => bypassed(subnet)?.includes('switch ls-vpc') === true, 'with both')
    expect(bypassed(both)).toContain('switch ls-vpc: from-lport 1000 "ip4.dst==192.0.2.1" allow-stateless')
    await w.nbctl('acl-del', 'ls-vpc', 'from-lport', '1000', 'ip4.dst==192.0.2.1')
    await w.kube.client.mergePatch(
      resources.pods,
      { namespace: 'default', name: 'b' },
      { metadata: { annotations: { 'zstack.io/security-groups': 'sg_db' } } },
    )
    await w.subnet('vpc', subnet => bypassed(subnet) === undefined, 'without again')
  })

  it('puts balancers on the switch only where it is asked to', async () => {
    await w.kube.client.mergePatch(subnetResource, { name: 'vpc' }, { spec: { enableServices: true } })
    const groups = () => w.nbctl('get', 'Logical_Switch', 'ls-vpc', 'load_balancer_group')
    await waitUntil('the group', async () => !(await groups()).includes('[]'))
    await w.kube.client.mergePatch(subnetResource, { name: 'vpc' }, { spec: { enableServices: false } })
    await waitUntil('no group', async () => (await groups()).includes('[]'))
  })

  it('tells of a name that somebody else has', async () => {
    await w.nbctl('ls-add', 'ls-foreign', '--', 'lsp-add', 'ls-foreign', 'default_taken')
    await w.addPod('taken')
    const told = async () =>
      (await w.kube.client.list(resources.events)).items.some(
        ({ involvedObject, message }) => involvedObject.name === 'taken' && message?.includes('default_taken') === true,
      )
    await waitUntil('an Event that names it', told)
    await w.nbctl('ls-del', 'ls-foreign')
    await waitUntil('its port', async () => (await w.portAddresses('default_taken')) !== '')
    await w.deletePod('taken')
  })

  it('has changed nothing of ZStack’s, and leaves nothing on its switch', async () => {
    for (const pod of ['a', 'b']) await w.deletePod(pod)
    await w.kube.client.delete(subnetResource, { name: 'vpc' })
    await waitUntil(
      'our ports to be gone',
      async () => (await w.nbctl('lsp-list', 'ls-vpc')).trim().split('\n').length === 3,
    )
    expect(await foreignRows()).toBe(theirs)
    expect((await membersOf('sg_web')).join()).toBe('vm1')
  })
})
