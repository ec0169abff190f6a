import { parseCidr, parseIp, parseMac } from '@ovnkit/inet'
import { type Desired, Engine, type OwnerKind, Store } from '@ovnkit/reconcile'
import { waitUntil } from '@ovnkit/testing'
import { describe, expect, test } from 'vitest'
import { Netlink } from '../netlink.ts'
import { type TestNetns, testNetns } from '../testing.ts'
import { KernelAddress, KernelLink, KernelNeighbour, KernelRoute, KernelRule } from './desired.ts'
import { KernelTarget } from './target.ts'

/** Owners whose objects are simply what a store says. */
async function world(netns: TestNetns, first: Record<string, Desired[]> = {}) {
  const stack = new DisposableStack()
  const wanted = new Store<readonly Desired[]>({ name: 'wanted' })
  wanted.replace(Object.entries(first))
  const target = stack.use(await KernelTarget.open({ netns }))
  const owner: OwnerKind = {
    kind: 'test',
    keys: wanted,
    render: (key, view) => ({ kind: 'objects', objects: view.get(wanted, key) ?? [] }),
  }
  const engine = new Engine({ owners: [owner], targets: [target] })
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  engine.start({ signal: stop.signal })
  const netlink = stack.use(Netlink.open({ netns }))
  await engine.settled()
  return { stack, engine, wanted, target, netlink }
}

const managementPort: Desired[] = [
  new KernelLink({
    name: 'mp0',
    mtu: 1400,
    mac: parseMac('0a:58:64:40:00:02'),
    up: true,
    offloads: { tx: false },
    ipv4: { rp_filter: 2 },
  }),
  new KernelAddress({ link: 'mp0', address: parseIp('100.64.0.2'), prefixLength: 16 }),
  new KernelAddress({ link: 'mp0', address: parseIp('fd98::2'), prefixLength: 64 }),
  new KernelRoute({ destination: parseCidr('10.244.0.0/16'), via: parseIp('100.64.0.1'), link: 'mp0', mtu: 1350 }),
  new KernelRoute({ destination: parseCidr('fd00:10::/48'), via: parseIp('fd98::1'), link: 'mp0' }),
  new KernelRoute({
    destination: parseCidr('0.0.0.0/0'),
    link: 'mp0',
    table: 1000,
    metric: 5,
    source: parseIp('100.64.0.2'),
  }),
  new KernelRule({ family: 4, priority: 900, table: 1000, mark: 0x10 }),
  new KernelNeighbour({ link: 'mp0', address: parseIp('100.64.0.1'), mac: parseMac('0a:58:64:40:00:01') }),
  new KernelNeighbour({ link: 'mp0', address: parseIp('100.64.0.99'), proxy: true }),
]

async function makePort(netlink: Netlink): Promise<void> {
  await netlink.createVeth({ name: 'mp0', peer: { name: 'other-end' } })
  await netlink.setLink('other-end', { up: true })
}

/** What `ip` shows of the management port, with everything that is not ours left out. */
async function shown(netns: TestNetns): Promise<string> {
  const of = async (...args: string[]) => (await netns.exec('ip', ...args)).split('\n').map(line => line.trim())
  const lines = [
    ...(await of('-o', 'addr', 'show', 'dev', 'mp0'))
      .map(line => line.replace(/\\.*/, '').replace(/^\d+: /, ''))
      .filter(line => !line.includes('fe80')),
    ...(await of('route', 'show', 'table', 'all', 'proto', '94')),
    ...(await of('-6', 'route', 'show', 'table', 'all', 'proto', '94')),
    ...(await of('rule')).filter(line => line.includes('900')),
    ...(await of('neigh', 'show', 'nud', 'permanent')),
    ...(await of('neigh', 'show', 'proxy')),
  ]
  return lines
    .filter(line => line !== '')
    .join('\n')
    .replaceAll(/\s+/g, ' ')
}

const complete = [
  'mp0 inet 100.64.0.2/16 scope global proto 94 mp0',
  'mp0 inet6 fd98::2/64 scope global nodad proto 94',
  'default dev mp0 table 1000 scope link src 100.64.0.2 metric 5',
  '10.244.0.0/16 via 100.64.0.1 dev mp0 mtu 1350',
  'fd00:10::/48 via fd98::1 dev mp0 metric 1024 pref medium',
  '900: from all fwmark 0x10 lookup 1000 proto 94',
  '100.64.0.1 dev mp0 lladdr 0a:58:64:40:00:01 PERMANENT',
  '100.64.0.99 dev mp0 proxy',
]

/** The lines of `complete` that `ip` does not show. iproute2 before 6.0 leaves the address's protocol out. */
async function missing(netns: TestNetns): Promise<string[]> {
  const found = (await shown(netns)).replaceAll(/ proto 94/g, '')
  return complete.map(line => line.replace(' proto 94', '')).filter(line => !found.includes(line))
}

const allThere = (netns: TestNetns) =>
  waitUntil('the management port is complete', async () => (await missing(netns)).length === 0)

describe('what owners want is there', () => {
  test('links, addresses, routes, rules and neighbours; a second run changes nothing', async () => {
    using netns = testNetns()
    using host = Netlink.open({ netns })
    await makePort(host)
    const { stack, engine, netlink } = await world(netns, { node: managementPort })
    using _ = stack
    expect(await missing(netns)).toEqual([])
    expect(await netlink.linkByName('mp0')).toMatchObject({ mtu: 1400, mac: '0a:58:64:40:00:02', up: true })
    expect(await netns.exec('ethtool', '-k', 'mp0')).toContain('tx-checksumming: off')
    expect(await netns.exec('sysctl', '-n', 'net.ipv4.conf.mp0.rp_filter')).toBe('2\n')
    expect(engine.recompute()).toEqual([])
    const second = await world(netns, { node: managementPort })
    using __ = second.stack
    expect(second.engine.stats.operations).toBe(0)
  })

  test('they wait for their link, and come when it comes', async () => {
    using netns = testNetns()
    const { stack, engine, netlink } = await world(netns, { node: managementPort })
    using _ = stack
    expect(engine.status('test/node')?.message).toContain('link "mp0" does not exist')
    await makePort(netlink)
    await allThere(netns)
    expect(engine.status('test/node')?.state).toBe('done')
  })

  test('a change replaces what it must and leaves the rest', async () => {
    using netns = testNetns()
    const { stack, engine, wanted, netlink } = await world(netns)
    using _ = stack
    await makePort(netlink)
    wanted.set('node', managementPort)
    await engine.settled()
    const route = new KernelRoute({ destination: parseCidr('10.244.0.0/16'), via: parseIp('100.64.0.9'), link: 'mp0' })
    wanted.set(
      'node',
      managementPort.map(each => (each.key === route.key ? route : each)),
    )
    await engine.settled()
    expect(await missing(netns)).toEqual(['10.244.0.0/16 via 100.64.0.1 dev mp0 mtu 1350'])
    expect(await netns.exec('ip', 'route', 'show', '10.244.0.0/16')).toMatch(
      /^10.244.0.0\/16 via 100.64.0.9 dev mp0 proto 94 *\n$/,
    )
  })

  test('links of ours are created, marked, and removed with their owner', async () => {
    using netns = testNetns()
    using pod = testNetns()
    const peer = { name: 'eth0', netns: pod.path, mtu: 1300 }
    const objects = [
      new KernelLink({ name: 'br7', create: { kind: 'bridge' }, up: true }),
      new KernelLink({ name: 'v7', create: { kind: 'veth', peer }, mtu: 1300, up: true, master: 'br7' }),
      new KernelAddress({ link: 'br7', address: parseIp('10.7.0.1'), prefixLength: 24 }),
    ]
    const { stack, engine, wanted, netlink, target } = await world(netns, { seven: objects })
    using _ = stack
    expect(engine.status('test/seven')).toMatchObject({ state: 'done', message: '' })
    const bridge = await netlink.linkByName('br7')
    expect(await netlink.linkByName('v7')).toMatchObject({
      mtu: 1300,
      up: true,
      master: bridge?.index,
      alias: 'ovnkit owner=test/seven',
    })
    expect(
      [...target.held()]
        .filter(held => held.object.key.startsWith('link/'))
        .map(held => [held.owner, held.object.key])
        .sort(),
    ).toEqual([
      ['test/seven', 'link/br7'],
      ['test/seven', 'link/v7'],
    ])
    wanted.delete('seven')
    await engine.settled()
    expect((await netlink.links()).map(link => link.name)).toEqual(['lo'])
  })
})

describe('what is not ours is left alone', () => {
  test('routes, rules, addresses, neighbours and links without our mark stay, also when they are in the way', async () => {
    using netns = testNetns()
    using host = Netlink.open({ netns })
    await makePort(host)
    const theirs = [
      // A change of the MAC would make the kernel drop all neighbours.
      'link set mp0 up address 0a:58:64:40:00:02',
      'addr add 10.9.9.9/24 dev mp0',
      'route add 10.8.0.0/16 dev mp0',
      'route add 10.244.0.0/16 dev mp0 proto static',
      'rule add priority 901 lookup 1000',
      'neigh add 10.9.9.1 lladdr 02:00:00:00:00:01 dev mp0',
      'link add br7 type bridge',
    ]
    for (const command of theirs) await netns.exec('ip', ...command.split(' '))
    const { stack, engine, wanted, netlink } = await world(netns, {
      node: managementPort,
      seven: [new KernelLink({ name: 'br7', create: { kind: 'bridge' } })],
    })
    using _ = stack
    expect(engine.status('test/node')?.message).toMatch(/route 10.244.0.0\/16 .*EEXIST/)
    expect(engine.status('test/seven')?.message).toContain('link "br7" exists and is not ours')
    for (const owner of ['node', 'seven']) wanted.delete(owner)
    await engine.settled()
    expect((await netlink.routes({ table: 254, family: 4 })).map(route => route.destination.text)).toEqual(
      expect.arrayContaining(['10.8.0.0/16', '10.244.0.0/16']),
    )
    expect((await netlink.routes({ protocol: 94 })).length).toBe(0)
    expect((await netlink.rules(4)).map(rule => rule.priority)).toEqual([0, 901, 32766, 32767])
    expect((await netlink.addresses({ family: 4 })).map(each => each.address)).toEqual(['10.9.9.9'])
    expect(
      (await netlink.neighbours({ family: 4 })).filter(each => each.state === 'permanent').map(each => each.address),
    ).toEqual(['10.9.9.1'])
    expect(await netlink.linkByName('br7')).toBeDefined()
  })

  test('leftovers with our mark of an earlier run are swept', async () => {
    using netns = testNetns()
    using host = Netlink.open({ netns })
    await makePort(host)
    const first = await world(netns, {
      node: managementPort,
      seven: [new KernelLink({ name: 'br7', create: { kind: 'bridge' } })],
    })
    first.stack.dispose()
    const second = await world(netns, { node: managementPort.slice(0, 2) })
    using _ = second.stack
    await waitUntil(
      'only what is still wanted is there',
      async () =>
        !/fd98|900:|10.244|100.64.0.99/.test(await shown(netns)) && (await host.linkByName('br7')) === undefined,
    )
    expect(await shown(netns)).toContain('100.64.0.2/16')
  })
})

describe('drift is repaired', () => {
  const drifts = {
    'a removed address (with the routes that depended on it)': 'addr del 100.64.0.2/16 dev mp0',
    'a removed IPv6 address': 'addr del fd98::2/64 dev mp0',
    'a removed route': 'route del 10.244.0.0/16',
    'a replaced route': 'route replace 10.244.0.0/16 via 100.64.0.77 proto 94',
    'a removed rule': 'rule del priority 900',
    'a removed neighbour': 'neigh del 100.64.0.1 dev mp0',
    'a changed neighbour': 'neigh replace 100.64.0.1 lladdr 02:00:00:00:00:99 dev mp0 protocol 94',
    'a changed MTU': 'link set mp0 mtu 1280',
    'a link that was switched off, which takes its routes along without an event': 'link set mp0 down',
  }
  for (const [name, command] of Object.entries(drifts)) {
    test(name, async () => {
      using netns = testNetns()
      using host = Netlink.open({ netns })
      await makePort(host)
      const { stack, engine } = await world(netns, { node: managementPort })
      using _ = stack
      await netns.exec('ip', ...command.split(' '))
      await allThere(netns)
      await waitUntil('the link is as wanted', async () => {
        const link = await host.linkByName('mp0')
        return link?.mtu === 1400 && link.up
      })
      await engine.settled()
      expect(engine.recompute()).toEqual([])
    })
  }

  test('a link that went and came back gets everything again, settings included', async () => {
    using netns = testNetns()
    using host = Netlink.open({ netns })
    await makePort(host)
    const { stack } = await world(netns, { node: managementPort })
    using _ = stack
    for (let i = 0; i < 3; i++) {
      await host.deleteLink('mp0')
      await makePort(host)
      await allThere(netns)
      expect(await netns.exec('ethtool', '-k', 'mp0')).toContain('tx-checksumming: off')
      expect(await netns.exec('sysctl', '-n', 'net.ipv4.conf.mp0.rp_filter')).toBe('2\n')
    }
  })
})

test('2,000 routes of as many owners come and go', async () => {
  using netns = testNetns()
  using host = Netlink.open({ netns })
  await host.setLink('lo', { up: true })
  const { stack, engine, wanted, netlink } = await world(netns)
  using _ = stack
  const route = (i: number) => new KernelRoute({ destination: parseCidr(`10.${i >> 8}.${i & 255}.0/24`), link: 'lo' })
  for (let i = 0; i < 2000; i++) wanted.set(`r${i}`, [route(i)])
  await engine.settled()
  expect((await netlink.routes({ protocol: 94 })).length).toBe(2000)
  expect(engine.recompute()).toEqual([])
  for (let i = 0; i < 2000; i++) wanted.delete(`r${i}`)
  await engine.settled()
  expect(await netlink.routes({ protocol: 94 })).toEqual([])
})
