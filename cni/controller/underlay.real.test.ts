import { resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { subnetResource } from './resources.ts'
import { World } from './testing/world.ts'

/** A VLAN of a provider beside the overlay, two nodes, asked of ovn-trace. */
let w: World
beforeAll(async () => {
  w = await World.start({ northd: true, settings: { tunnel: { type: 'geneve' } } })
  await w.addNode('n1', '192.168.0.11')
  await w.addNode('n2', '192.168.0.12')
  await w.sbctl('chassis-add', 'n1', 'geneve', '192.168.0.11')
  await w.sbctl('chassis-add', 'n2', 'geneve', '192.168.0.12')
  await w.startController()
  await w.addSubnet('vlan', {
    cidr: '10.50.0.0/24,fd00:50::/64',
    gateway: '10.50.0.1,fd00:50::1',
    protocol: 'Dual',
    excludeIPs: ['10.50.0.2-10.50.0.9'],
    vlanID: 100,
    provider: 'net1',
    enableDHCP: true,
  })
  await w.addPod('over', { node: 'n1' })
  await w.addPod('under', { node: 'n2', annotations: { 'zstack.io/subnet': 'vlan' } })
  await w.podAddress('over')
  await w.podAddress('under')
  for (const [port, chassis] of [
    ['default_over', 'n1'],
    ['default_under', 'n2'],
    ['node-n1', 'n1'],
    ['node-n2', 'n2'],
  ] as const)
    await bind(port, chassis)
  await w.nbctl('--wait=sb', 'sync')
})
afterAll(() => w[Symbol.asyncDispose]())

async function bind(port: string, chassis: string): Promise<void> {
  const known = async () =>
    (await w.sbctl('--bare', '--columns=_uuid', 'find', 'Port_Binding', `logical_port=${port}`)) !== ''
  await waitUntil(`northd to know ${port}`, known)
  await w.sbctl('lsp-bind', port, chassis)
}

const mac = (ip: string) =>
  `0a:58:${ip
    .split('.')
    .map(part => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`
const packet = (port: string, from: string, router: string, to: string) =>
  `inport=="${port}" && eth.src==${mac(from)} && eth.dst==${mac(router)} && ip4.src==${from} && ip4.dst==${to} && ip.ttl==64 && tcp && tcp.dst==80`

describe('an underlay Subnet', () => {
  it('is joined to its provider by a localnet port with the tag, and has an address for our router', async () => {
    const { status } = await w.subnet('vlan', ({ status: is }) => is?.phase === 'Active', 'Active')
    expect(status).toMatchObject({ logicalSwitch: 'subnet-vlan', interconnectIP: '10.50.0.10,fd00:50::2' })
    const columns = 'type,tag,options,addresses'
    const port = await w.nbctl('--bare', `--columns=${columns}`, 'find', 'Logical_Switch_Port', 'type=localnet')
    expect(port.trim()).toBe('localnet\n100\nnetwork_name=net1\nunknown')
    expect((await w.nbctl('get', 'Logical_Router_Port', 'cluster-10.50.0.1', 'networks')).trim()).toBe(
      '["10.50.0.10/24", "fd00:50::2/64"]',
    )
  })

  it('gives pods the provider’s gateway, and our router for what is ours', async () => {
    const pod = await w.kube.client.get(resources.pods, { namespace: 'default', name: 'under' })
    const { default: network } = JSON.parse(pod.metadata?.annotations?.['k8s.ovn.org/pod-networks'] ?? '')
    expect(network).toMatchObject({
      ip_addresses: ['10.50.0.11/24', 'fd00:50::3/64'],
      gateway_ips: ['10.50.0.1', 'fd00:50::1'],
    })
    const routes = network.routes.map(({ dest, nextHop }: { dest: string; nextHop: string }) => `${dest} ${nextHop}`)
    expect(routes).toEqual([
      '10.96.0.0/16 10.50.0.10',
      '10.244.0.0/16 10.50.0.10',
      '100.64.0.0/16 10.50.0.10',
      'fd98::/64 fd00:50::2',
      '192.168.0.11/32 10.50.0.10',
      '192.168.0.12/32 10.50.0.10',
    ])
  })

  it('reaches pods of the overlay, and is reached by them', async () => {
    expect(await w.trace('subnet-vlan', packet('default_under', '10.50.0.11', '10.50.0.10', '10.244.0.2'))).toContain(
      'output("default_over")',
    )
    expect(await w.trace('subnet-default', packet('default_over', '10.244.0.2', '10.244.0.1', '10.50.0.11'))).toContain(
      'output("default_under")',
    )
  })

  it('reaches nodes by its own node, and is reached by hosts', async () => {
    const trace = await w.trace('subnet-vlan', packet('default_under', '10.50.0.11', '10.50.0.10', '192.168.0.11'))
    // ovn-trace takes every chassis for its own: of the two policies either may be seen.
    expect(trace).toMatch(/output\("node-n[12]"\)/)
    const policies = await w.nbctl('lr-policy-list', 'cluster')
    expect(policies).toMatch(
      /24000\s+ip4.src == \$underlay_v4 && is_chassis_resident\("node-n1"\)\s+reroute\s+100.64.0.2/,
    )
    expect(await w.trace('join', packet('node-n2', '100.64.0.3', '100.64.0.1', '10.50.0.11'))).toContain(
      'output("default_under")',
    )
  })

  it('leaves its machines to the host: pods of the overlay go to them as to anywhere outside', async () => {
    const trace = await w.trace('subnet-default', packet('default_over', '10.244.0.2', '10.244.0.1', '10.50.0.200'))
    expect(trace).toMatch(/output\("node-n[12]"\)/)
  })

  it('is not asked from the wire for our router', async () => {
    const question = (tpa: string) =>
      `inport=="localnet-10.50.0.1" && eth.src==02:00:00:00:00:01 && eth.dst==ff:ff:ff:ff:ff:ff && arp.op==1 && arp.spa==10.50.0.200 && arp.sha==02:00:00:00:00:01 && arp.tpa==${tpa}`
    expect(await w.trace('subnet-vlan', question('10.50.0.10'))).not.toContain('output')
    expect(await w.trace('subnet-vlan', question('10.50.0.11'))).toContain('output("default_under")')
  })

  it('answers DHCP of its pods', async () => {
    const discover =
      'inport=="default_under" && eth.src==0a:58:0a:32:00:0b && eth.dst==ff:ff:ff:ff:ff:ff && ip4.src==0.0.0.0 && ip4.dst==255.255.255.255 && ip.ttl==64 && udp.src==68 && udp.dst==67'
    expect(await w.trace('subnet-vlan', discover)).toContain('put_dhcp_opts')
  })

  it('is the same after a restart: nothing is written', async () => {
    const before = await w.nbctl('--no-headings', '--columns=nb_cfg,_uuid', 'list', 'NB_Global')
    const ports = await w.nbctl('--bare', '--columns=_uuid,networks,external_ids', 'list', 'Logical_Router_Port')
    await w.stopController()
    await w.startController()
    await w.settled()
    expect(w.controller.session?.engine.stats.operations).toBe(0)
    expect(await w.nbctl('--no-headings', '--columns=nb_cfg,_uuid', 'list', 'NB_Global')).toBe(before)
    expect(await w.nbctl('--bare', '--columns=_uuid,networks,external_ids', 'list', 'Logical_Router_Port')).toBe(ports)
  })

  it('goes with all that is its', async () => {
    await w.deletePod('under')
    await w.sbctl('lsp-unbind', 'default_under').catch(() => undefined)
    await w.kube.client.delete(subnetResource, { name: 'vlan' })
    await waitUntil('the switch to be gone', async () => !(await w.nbctl('ls-list')).includes('subnet-vlan'))
    await waitUntil(
      'sets and policies to be gone',
      async () => !(await w.nbctl('lr-policy-list', 'cluster')).includes('underlay'),
    )
    expect(await w.nbctl('--bare', '--columns=name', 'list', 'Address_Set')).not.toContain('underlay')
    expect(await w.nbctl('--bare', '--columns=cidr', 'list', 'DHCP_Options')).not.toContain('10.50')
  })
})
