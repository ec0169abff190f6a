import { parseCidr, parseIp, parseMac } from '@ovnkit/inet'
import { startTestSwitch } from '@ovnkit/ovs/testing'
import { type Desired, Engine, Store } from '@ovnkit/reconcile'
import { waitUntil } from '@ovnkit/testing'
import { expect, test } from 'vitest'
import { Netlink } from '../netlink.ts'
import { readOffloads, userspaceDatapathOffloads } from '../offloads.ts'
import { readSysctl } from '../sysctl.ts'
import { testNetns } from '../testing.ts'
import { KernelAddress, KernelLink, KernelRoute } from './desired.ts'
import { KernelTarget } from './target.ts'

const port: Desired[] = [
  new KernelLink({
    name: 'ovn-mp0',
    mtu: 1400,
    mac: parseMac('0a:58:64:40:00:02'),
    up: true,
    offloads: userspaceDatapathOffloads,
    ipv4: { rp_filter: 0 },
  }),
  new KernelAddress({ link: 'ovn-mp0', address: parseIp('100.64.0.2'), prefixLength: 16 }),
  new KernelAddress({ link: 'ovn-mp0', address: parseIp('fd98::2'), prefixLength: 64 }),
  new KernelRoute({ destination: parseCidr('10.244.0.0/16'), via: parseIp('100.64.0.1'), link: 'ovn-mp0' }),
]

test('an internal port has its attributes, addresses, routes and settings again after ovs-vswitchd was killed', async () => {
  using netns = testNetns()
  await using ovs = await startTestSwitch({ netns: netns.path })
  await ovs.vsctl('add-br', 'br-int', '--', 'set', 'bridge', 'br-int', 'datapath_type=netdev')
  using target = await KernelTarget.open({ netns })
  const wanted = new Store<readonly Desired[]>({ name: 'wanted' })
  wanted.replace([['node', port]])
  const engine = new Engine({
    owners: [
      {
        kind: 'test',
        keys: wanted,
        render: (key, view) => ({ kind: 'objects', objects: view.get(wanted, key) ?? [] }),
      },
    ],
    targets: [target],
  })
  const stop = new AbortController()
  engine.start({ signal: stop.signal })
  await engine.settled()
  expect(engine.status('test/node')?.message).toContain('link "ovn-mp0" does not exist')

  using netlink = Netlink.open({ netns })
  const complete = async () => {
    const link = await netlink.linkByName('ovn-mp0')
    if (!link?.up || link.mtu !== 1400 || link.mac !== '0a:58:64:40:00:02') return false
    const addresses = (await netlink.addresses({ index: link.index })).map(each => each.address)
    const routes = await netlink.routes({ protocol: 94 })
    return ['100.64.0.2', 'fd98::2'].every(each => addresses.some(found => found === each)) && routes.length === 1
  }
  await ovs.vsctl('add-port', 'br-int', 'ovn-mp0', '--', 'set', 'interface', 'ovn-mp0', 'type=internal')
  await waitUntil('the management port is complete', complete)
  // OVS 3.1 leaves its internal ports behind without a carrier; where the datapath goes with the daemon, they go too.
  for (const portGoes of [false, true, true]) {
    const before = await netlink.linkByName('ovn-mp0')
    await ovs.kill()
    if (portGoes) await netlink.deleteLink('ovn-mp0')
    await ovs.start()
    await waitUntil(
      'the management port is complete again',
      async () => (await complete()) && (await netlink.linkByName('ovn-mp0'))?.carrier === true,
    )
    expect((await netlink.linkByName('ovn-mp0'))?.index === before?.index).toBe(!portGoes)
    expect(readOffloads('ovn-mp0', netns)).toMatchObject({ tx: false, tso: false, gso: false })
    expect(readSysctl('net/ipv4/conf/ovn-mp0/rp_filter', netns)).toBe('0')
  }
  stop.abort()
})
