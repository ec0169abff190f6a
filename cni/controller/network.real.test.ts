import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './testing/world.ts'

/** What ovn-northd makes of our rows, asked of ovn-trace: two nodes with chassis, three Subnets. */
let w: World
beforeAll(async () => {
  w = await World.start({ northd: true, settings: { tunnel: { type: 'geneve', port: 6082 } } })
  await w.addNode('n1', '192.168.0.11')
  await w.addNode('n2', '192.168.0.12')
  for (const [node, ip] of [
    ['n1', '192.168.0.11'],
    ['n2', '192.168.0.12'],
  ] as const) {
    await w.sbctl('chassis-add', node, 'geneve', ip)
  }
  await w.startController()
  await w.addSubnet('apps', { cidr: '10.245.0.0/24', gateway: '10.245.0.1' })
  await w.addSubnet('both', { cidr: '10.246.0.0/24,fd00:10::/64', gateway: '10.246.0.1,fd00:10::1', protocol: 'Dual' })
  await w.addPod('a', { node: 'n1' })
  await w.addPod('b', { node: 'n2' })
  await w.addPod('c', { node: 'n1', annotations: { 'zstack.io/subnet': 'apps' } })
  await w.addPod('d', { node: 'n2', annotations: { 'zstack.io/subnet': 'both' } })
  for (const pod of ['a', 'b', 'c', 'd']) await w.podAddress(pod)
  await bind('default_a', 'n1')
  await bind('default_c', 'n1')
  await bind('default_b', 'n2')
  await bind('default_d', 'n2')
  await bind('node-n1', 'n1')
  await bind('node-n2', 'n2')
  await w.nbctl('--wait=sb', 'sync')
})
afterAll(() => w[Symbol.asyncDispose]())

/** What ovn-controller does when an interface with the port's name appears. */
async function bind(port: string, chassis: string): Promise<void> {
  await waitUntil(
    `northd to know ${port}`,
    async () => (await w.sbctl('--bare', '--columns=_uuid', 'find', 'Port_Binding', `logical_port=${port}`)) !== '',
  )
  await w.sbctl('lsp-bind', port, chassis)
}

const macs = {
  a: '0a:58:0a:f4:00:02',
  b: '0a:58:0a:f4:01:00',
  c: '0a:58:0a:f5:00:02',
  d: '0a:58:0a:f6:00:02',
  gateway: '0a:58:0a:f4:00:01',
  appsGateway: '0a:58:0a:f5:00:01',
  bothGateway: '0a:58:0a:f6:00:01',
  node1: '0a:58:64:40:00:02',
  joinGateway: '0a:58:64:40:00:01',
}

const tcp = (port: string, from: string, to: string, source: string, destination: string, family: 4 | 6 = 4) =>
  `inport=="${port}" && eth.src==${from} && eth.dst==${to} && ip${family}.src==${source} && ip${family}.dst==${destination} && ip.ttl==64 && tcp && tcp.dst==80`

describe('a packet', () => {
  it('between pods of a Subnet goes straight', async () => {
    const out = await w.trace('subnet-default', tcp('default_a', macs.a, macs.b, '10.244.0.2', '10.244.1.0'))
    expect(out).toContain('output("default_b")')
    expect(out).not.toContain('ip.ttl--')
  })

  it('between Subnets goes through the router', async () => {
    expect(
      await w.trace('subnet-default', tcp('default_a', macs.a, macs.gateway, '10.244.0.2', '10.245.0.2')),
    ).toContain('output("default_c")')
    expect(
      await w.trace('subnet-apps', tcp('default_c', macs.c, macs.appsGateway, '10.245.0.2', '10.246.0.2')),
    ).toContain('output("default_d")')
  })

  it('to an address of a node leaves by that node’s management port, from whichever node', async () => {
    const toOwn = await w.trace('subnet-default', tcp('default_a', macs.a, macs.gateway, '10.244.0.2', '192.168.0.11'))
    const toOther = await w.trace(
      'subnet-default',
      tcp('default_a', macs.a, macs.gateway, '10.244.0.2', '192.168.0.12'),
    )
    expect([toOwn, toOther]).toEqual([
      expect.stringContaining('output("node-n1")'),
      expect.stringContaining('output("node-n2")'),
    ])
  })

  it('to anywhere else leaves by a management port, of both families', async () => {
    const v4 = await w.trace('subnet-default', tcp('default_a', macs.a, macs.gateway, '10.244.0.2', '198.51.100.7'))
    expect(v4).toMatch(/output\("node-n[12]"\)/)
    const v6 = await w.trace('subnet-both', tcp('default_d', macs.d, macs.bothGateway, 'fd00:10::2', '2001:db8::7', 6))
    expect(v6).toMatch(/output\("node-n[12]"\)/)
  })

  it('from a host comes to a pod of any Subnet', async () => {
    const out = await w.trace('join', tcp('node-n1', macs.node1, macs.joinGateway, '100.64.0.2', '10.245.0.2'))
    expect(out).toContain('output("default_c")')
  })

  it('with a forged source is dropped', async () => {
    const out = await w.trace('subnet-default', tcp('default_a', macs.a, macs.b, '10.244.0.9', '10.244.1.0'))
    expect(out).not.toContain('output')
  })
})

describe('what northd and ovn-trace read', () => {
  it('is understood: no match is refused, no exclusion is bad', async () => {
    await w.addSubnet('ranges', {
      cidr: '10.250.0.0/24',
      gateway: '10.250.0.1',
      excludeIPs: ['10.250.0.5-10.250.0.9', '10.250.0.20'],
    })
    await w.subnet('ranges', ({ status }) => status?.phase === 'Active', 'Active')
    await w.nbctl('--wait=sb', 'sync')
    expect(await w.nbctl('get', 'Logical_Switch', 'subnet-ranges', 'other_config:exclude_ips')).toContain(
      '10.250.0.5..10.250.0.9 10.250.0.20',
    )
    expect(await w.northdLog()).not.toMatch(/WARN|bad exclude_ips/)
    const flows = await w.traceErrors(
      'subnet-default',
      tcp('default_a', macs.a, macs.gateway, '10.244.0.2', '198.51.100.7'),
    )
    expect(flows).not.toContain('parsing expression failed')
  })

  it('shows a mistake: the check itself is checked', async () => {
    await w.nbctl('lr-policy-add', 'cluster', '5', 'ip.src == 10.0.0.0/8', 'drop')
    await w.nbctl('--wait=sb', 'sync')
    const flows = await w.traceErrors(
      'subnet-default',
      tcp('default_a', macs.a, macs.gateway, '10.244.0.2', '198.51.100.7'),
    )
    expect(flows).toContain('parsing expression failed')
  })
})

describe('chassis', () => {
  const option = () => w.sbctl('--bare', '--columns=options', 'find', 'Encap', 'chassis_name=n1')

  it('have the configured tunnel port, and get it back when it is lost', async () => {
    await waitUntil('the port to be set', async () => (await option()).includes('dst_port=6082'))
    const [encap = ''] = (await w.sbctl('--bare', '--columns=_uuid', 'find', 'Encap', 'chassis_name=n1')).split('\n')
    await w.sbctl('remove', 'Encap', encap, 'options', 'dst_port')
    await waitUntil('the port to be set again', async () => (await option()).includes('dst_port=6082'))
  })

  it('of others are left alone', async () => {
    await w.sbctl('chassis-add', 'stranger', 'geneve', '192.168.0.99')
    await waitUntil(
      'the chassis to be seen',
      () => w.controller.sb.table('Chassis').by('byName', 'stranger') !== undefined,
    )
    await w.settled()
    expect(await w.sbctl('--bare', '--columns=options', 'find', 'Encap', 'chassis_name=stranger')).not.toContain(
      'dst_port',
    )
    expect(await w.sbctl('--bare', '--columns=external_ids', 'find', 'Chassis', 'name=stranger')).not.toContain(
      'zstack',
    )
  })

  it('go with their node, tunnel, port and policies too; the others stay', async () => {
    const { resources } = await import('@ovnkit/kube')
    await w.kube.client.delete(resources.nodes, { name: 'n2' })
    await waitUntil(
      'the chassis to be gone',
      async () => (await w.sbctl('--bare', '--columns=name', 'find', 'Chassis', 'name=n2')).trim() === '',
    )
    expect(await w.sbctl('--bare', '--columns=_uuid', 'find', 'Encap', 'chassis_name=n2')).toBe('')
    await waitUntil('the node’s port to be gone', async () => (await w.portAddresses('node-n2')) === '')
    expect(await w.nbctl('lr-policy-list', 'cluster')).not.toMatch(/node-n2|192\.168\.0\.12/)
    expect((await w.sbctl('--bare', '--columns=name', 'list', 'Chassis')).split('\n')).toEqual(
      expect.arrayContaining(['n1', 'stranger']),
    )
  })

  it('are welcome again under the old name', async () => {
    await w.addNode('n2', '192.168.0.22')
    await w.sbctl('chassis-add', 'n2', 'geneve', '192.168.0.22')
    await waitUntil('the node to be set up', async () =>
      (await w.nbctl('lr-policy-list', 'cluster')).includes('192.168.0.22'),
    )
    await waitUntil('the tunnel port to be set', async () =>
      (await w.sbctl('--bare', '--columns=options', 'find', 'Encap', 'chassis_name=n2')).includes('dst_port=6082'),
    )
  })

  it('follow an address that changes', async () => {
    const { resources } = await import('@ovnkit/kube')
    const status = { addresses: [{ type: 'InternalIP', address: '192.168.0.33' }] }
    await w.kube.client.mergePatch(resources.nodes, { name: 'n2' }, { status }, { subresource: 'status' })
    await waitUntil('the policy to follow', async () => {
      const policies = await w.nbctl('lr-policy-list', 'cluster')
      return policies.includes('192.168.0.33') && !policies.includes('192.168.0.22')
    })
  })
})
