import { parseCidr, parseIp, parseMac } from '@ovnkit/inet'
import { describe, expect, test } from 'vitest'
import { Netlink } from './netlink.ts'
import { execInNetns, type TestNetns, testNetns } from './testing.ts'

/** Two namespaces joined by a pair: `h0` here, `eth0` there. */
async function pair(mtu = 1400) {
  const stack = new DisposableStack()
  const here = stack.use(testNetns())
  const there = stack.use(testNetns())
  const near = stack.use(Netlink.open({ netns: here }))
  const far = stack.use(Netlink.open({ netns: there.path }))
  const mac = parseMac('0a:58:0a:f4:00:02')
  const link = await near.createVeth({ name: 'h0', mtu, up: true, peer: { name: 'eth0', netns: there, mtu, mac } })
  if (link.peerIndex === undefined) throw new Error('the kernel named no peer')
  return { stack, here, there, near, far, index: link.index, peer: link.peerIndex }
}

/** The first object of `ip -j -d ...`. */
async function ip(netns: TestNetns, ...args: string[]): Promise<unknown> {
  const answer = await netns.ip(...args)
  return Array.isArray(answer) ? answer[0] : answer
}

describe('links', () => {
  test('a veth pair is made with its peer in the other namespace, as ip shows it', async () => {
    const { stack, here, there, peer } = await pair()
    using _ = stack
    const common = { mtu: 1400, linkinfo: { info_kind: 'veth' } }
    expect(await ip(here, 'link', 'show', 'h0')).toMatchObject({ ...common, flags: expect.arrayContaining(['UP']) })
    expect(await ip(there, 'link', 'show', 'eth0')).toMatchObject({
      ...common,
      ifindex: peer,
      address: '0a:58:0a:f4:00:02',
      operstate: 'DOWN',
    })
  })

  test('MTU, MAC, alias, state and name are set, and read back equal to what ip says', async () => {
    const { stack, far, there, peer } = await pair()
    using _ = stack
    await far.setLink(peer, {
      name: 'net1',
      mtu: 1350,
      mac: parseMac('02:00:00:00:00:07'),
      alias: 'of a test',
      txQueueLength: 50,
    })
    await far.setLink('net1', { up: true })
    const shown = {
      ifindex: peer,
      ifname: 'net1',
      mtu: 1350,
      address: '02:00:00:00:00:07',
      ifalias: 'of a test',
      txqlen: 50,
      operstate: 'UP',
    }
    expect(await ip(there, 'link', 'show', 'net1')).toMatchObject(shown)
    expect(await far.linkByIndex(peer)).toMatchObject({
      name: 'net1',
      kind: 'veth',
      mtu: 1350,
      mac: shown.address,
      alias: 'of a test',
      up: true,
      carrier: true,
      operState: 'up',
      peerElsewhere: true,
    })
    await far.setLink('net1', { up: false })
    expect((await far.linkByName('net1'))?.up).toBe(false)
  })

  test('a link moves to another namespace and takes a new name there', async () => {
    const { stack, here, far, near, peer } = await pair()
    using _ = stack
    await expect(far.setLink('eth0', { name: 'back' })).rejects.toThrow(/expected the index of the link to rename/)
    await far.setLink(peer, { netns: here, name: 'back' })
    expect(await far.linkByName('eth0')).toBeUndefined()
    expect(await near.linkByName('back')).toMatchObject({ kind: 'veth' })
  })

  test('deleting says whether there was something, and takes the peer along', async () => {
    const { stack, near, far } = await pair()
    using _ = stack
    expect(await near.deleteLink('h0')).toBe(true)
    expect(await near.deleteLink('h0')).toBe(false)
    expect((await far.links()).map(link => link.name)).toEqual(['lo'])
  })

  test('a bridge takes ports', async () => {
    const { stack, near, here } = await pair()
    using _ = stack
    await near.createLink('bridge', { name: 'br0', up: true })
    const bridge = await near.linkByName('br0')
    await near.setLink('h0', { master: bridge?.index ?? -1 })
    expect(await ip(here, 'link', 'show', 'h0')).toMatchObject({ master: 'br0' })
    expect(await near.linkByName('h0')).toMatchObject({ master: bridge?.index })
  })
})

describe('addresses', () => {
  test('both families, at once usable, as ip shows them', async () => {
    const { stack, far, there, peer } = await pair()
    using _ = stack
    await far.setLink(peer, { up: true })
    await far.addAddress({
      index: peer,
      address: parseIp('10.244.0.2'),
      prefixLength: 16,
      broadcast: parseIp('10.244.255.255'),
    })
    await far.addAddress({ index: peer, address: parseIp('fd00:10::2'), prefixLength: 64 })
    await far.addAddress({
      index: peer,
      address: parseIp('10.9.9.9'),
      prefixLength: 32,
      scope: 'link',
      noPrefixRoute: true,
    })
    expect(await ip(there, 'addr', 'show', 'eth0')).toMatchObject({
      addr_info: expect.arrayContaining([
        expect.objectContaining({ local: '10.244.0.2', prefixlen: 16, broadcast: '10.244.255.255', scope: 'global' }),
        expect.objectContaining({ local: 'fd00:10::2', prefixlen: 64, scope: 'global', nodad: true }),
        expect.objectContaining({ local: '10.9.9.9', prefixlen: 32, scope: 'link', noprefixroute: true }),
      ]),
    })
    const found = await far.addresses({ index: peer })
    expect(found.filter(each => each.scope === 'global').map(each => [each.address, each.tentative])).toEqual([
      ['10.244.0.2', false],
      ['fd00:10::2', false],
    ])
    expect(found.every(each => each.index === peer)).toBe(true)
  })

  test('removing says whether it was there', async () => {
    const { stack, far, peer } = await pair()
    using _ = stack
    const spec = { index: peer, address: parseIp('10.0.0.1'), prefixLength: 24 }
    await far.addAddress(spec)
    expect([await far.deleteAddress(spec), await far.deleteAddress(spec)]).toEqual([true, false])
    await far.addAddress(spec)
    await far.addAddress({ ...spec, replace: true })
    await expect(far.addAddress(spec)).rejects.toMatchObject({ code: 'EEXIST' })
  })
})

describe('routes, rules and neighbours', () => {
  test('routes with table, protocol, metric, MTU, source, gateway and onlink, as ip shows them', async () => {
    const { stack, far, there, peer } = await pair()
    using _ = stack
    const address = parseIp('10.0.0.2')
    await Promise.all([
      far.setLink(peer, { up: true }),
      far.addAddress({ index: peer, address, prefixLength: 24 }),
      far.addRoute({
        destination: parseCidr('0.0.0.0/0'),
        via: parseIp('10.0.0.1'),
        metric: 50,
        mtu: 1300,
        source: address,
        protocol: 94,
      }),
      far.addRoute({ destination: parseCidr('10.96.0.0/12'), index: peer, table: 1000, protocol: 94 }),
      far.addRoute({ destination: parseCidr('10.200.0.0/16'), via: parseIp('169.254.1.1'), index: peer, onlink: true }),
      far.addRoute({ destination: parseCidr('fd01::/64'), via: parseIp('fe80::1'), index: peer, metric: 7 }),
      far.addRoute({ destination: parseCidr('192.0.2.0/24'), type: 'blackhole' }),
    ])
    expect(await ip(there, 'route', 'show', 'default')).toMatchObject({
      gateway: '10.0.0.1',
      metric: 50,
      protocol: '94',
      prefsrc: '10.0.0.2',
      metrics: [{ mtu: 1300 }],
    })
    expect(await ip(there, 'route', 'show', 'table', '1000')).toMatchObject({
      dst: '10.96.0.0/12',
      dev: 'eth0',
      scope: 'link',
    })
    expect(await ip(there, 'route', 'show', '10.200.0.0/16')).toMatchObject({
      gateway: '169.254.1.1',
      flags: ['onlink'],
      protocol: 'static',
    })
    expect(await ip(there, '-6', 'route', 'show', 'fd01::/64')).toMatchObject({ gateway: 'fe80::1', metric: 7 })
    const ours = await far.routes({ protocol: 94 })
    expect(ours.map(each => each.destination.text).sort()).toEqual(['0.0.0.0/0', '10.96.0.0/12'])
    expect(ours.find(each => each.metric === 50)).toMatchObject({
      via: '10.0.0.1',
      mtu: 1300,
      source: '10.0.0.2',
      table: 254,
      index: peer,
    })
    expect((await far.routes({ table: 1000 })).length).toBe(1)
    expect(await far.routes({ table: 4711, family: 4 })).toEqual([])
    expect((await far.routes()).find(each => each.destination.text === '192.0.2.0/24')?.type).toBe('blackhole')
  })

  test('a route is replaced, removed once, and refused twice', async () => {
    const { stack, far, peer } = await pair()
    using _ = stack
    await far.setLink(peer, { up: true })
    const route = { destination: parseCidr('10.5.0.0/16'), index: peer }
    await far.addRoute(route)
    await expect(far.addRoute(route)).rejects.toMatchObject({
      code: 'EEXIST',
      message: expect.stringContaining('add route 10.5.0.0/16 dev'),
    })
    await far.addRoute({ ...route, mtu: 1200, replace: true })
    expect((await far.routes({ table: 254 })).find(each => each.destination.text === '10.5.0.0/16')?.mtu).toBe(1200)
    expect([await far.deleteRoute(route), await far.deleteRoute(route)]).toEqual([true, false])
  })

  test('several next hops of a route are read', async () => {
    const { stack, far, there, peer } = await pair()
    using _ = stack
    await far.setLink(peer, { up: true })
    await far.addAddress({ index: peer, address: parseIp('10.0.0.2'), prefixLength: 24 })
    await there.exec(
      'ip',
      'route',
      'add',
      '10.7.0.0/16',
      'nexthop',
      'via',
      '10.0.0.3',
      'weight',
      '2',
      'nexthop',
      'via',
      '10.0.0.4',
    )
    const route = (await far.routes()).find(each => each.destination.text === '10.7.0.0/16')
    expect(route?.nextHops).toEqual([
      { index: peer, via: '10.0.0.3', weight: 2 },
      { index: peer, via: '10.0.0.4', weight: 1 },
    ])
  })

  test('rules, as ip shows them', async () => {
    const { stack, far, there } = await pair()
    using _ = stack
    const rule = {
      family: 4,
      priority: 900,
      source: parseCidr('10.244.0.0/16'),
      destination: parseCidr('10.0.0.0/8'),
      table: 1000,
      mark: 0x10,
      mask: 0xff,
      inputLink: 'eth0',
      protocol: 94,
    } as const
    await far.addRule(rule)
    await far.addRule({ family: 6, priority: 901, table: 1001, suppressPrefixLength: 0, invert: true })
    expect(await ip(there, 'rule', 'show', 'priority', '900')).toMatchObject({
      src: '10.244.0.0',
      srclen: 16,
      dst: '10.0.0.0',
      dstlen: 8,
      table: '1000',
      fwmark: '0x10',
      fwmask: '0xff',
      iif: 'eth0',
      protocol: '94',
    })
    expect(await ip(there, '-6', 'rule', 'show', 'priority', '901')).toMatchObject({ not: null, suppress_prefixlen: 0 })
    expect((await far.rules(4)).find(each => each.priority === 900)).toMatchObject(rule)
    await expect(far.addRule(rule)).rejects.toMatchObject({ code: 'EEXIST' })
    expect([await far.deleteRule(rule), await far.deleteRule(rule)]).toEqual([true, false])
  })

  test('permanent and proxy neighbours, as ip shows them', async () => {
    const { stack, far, there, peer } = await pair()
    using _ = stack
    await far.setLink(peer, { up: true })
    const mac = parseMac('02:00:00:00:00:01')
    await far.setNeighbour({ index: peer, address: parseIp('10.0.0.1'), mac, protocol: 94 })
    await far.setNeighbour({ index: peer, address: parseIp('fd00::1'), mac })
    await far.setNeighbour({ index: peer, address: parseIp('10.0.0.9'), proxy: true })
    expect(await ip(there, 'neigh', 'show', '10.0.0.1')).toMatchObject({
      dst: '10.0.0.1',
      lladdr: mac,
      state: ['PERMANENT'],
      protocol: '94',
    })
    expect(await ip(there, '-6', 'neigh', 'show', 'fd00::1')).toMatchObject({ lladdr: mac, state: ['PERMANENT'] })
    expect(await there.exec('ip', 'neigh', 'show', 'proxy')).toContain('10.0.0.9 dev eth0')
    expect((await far.neighbours({ family: 4, index: peer })).map(each => [each.address, each.protocol])).toEqual([
      ['10.0.0.1', 94],
    ])
    expect((await far.neighbours({ proxy: true })).map(each => each.address)).toEqual(['10.0.0.9'])
    expect([
      await far.deleteNeighbour({ index: peer, address: parseIp('fd00::1') }),
      await far.deleteNeighbour({ index: peer, address: parseIp('fd00::1') }),
    ]).toEqual([true, false])
  })
})

test('two namespaces reach each other in both families', async () => {
  const { stack, there, near, far, index, peer } = await pair()
  using _ = stack
  await Promise.all([
    far.setLink(peer, { up: true }),
    near.addAddress({ index, address: parseIp('10.0.0.1'), prefixLength: 24 }),
    near.addAddress({ index, address: parseIp('fd00::1'), prefixLength: 64 }),
    far.addAddress({ index: peer, address: parseIp('10.0.0.2'), prefixLength: 24 }),
    far.addAddress({ index: peer, address: parseIp('fd00::2'), prefixLength: 64 }),
  ])
  expect(await execInNetns(there.path, 'ping', '-c1', '-W2', '10.0.0.1')).toContain(' 0% packet loss')
  expect(await execInNetns(there.path, 'ping', '-c1', '-W2', 'fd00::1')).toContain(' 0% packet loss')
})

describe('wrong input is answered with what was attempted and the kernel’s reason', () => {
  test('names that no link may have', async () => {
    using netns = testNetns()
    using netlink = Netlink.open({ netns })
    for (const name of ['', 'sixteen-letters!', 'a b', 'a/b', 'a:b', '..', 'ü'.repeat(8)])
      await expect(netlink.createVeth({ name, peer: { name: 'p' } })).rejects.toThrow(
        /name a link .*expected 1 to 15 bytes/,
      )
  })

  test('taken names, missing links, unreachable gateways, impossible sizes', async () => {
    const { stack, there, near, far, peer } = await pair()
    using _ = stack
    const attempts: [() => Promise<unknown>, string, RegExp][] = [
      [
        () => near.createVeth({ name: 'h0', peer: { name: 'x', netns: there } }),
        'EEXIST',
        /create veth h0 with peer x in \/run\/netns\//,
      ],
      [
        () => near.createVeth({ name: 'h1', peer: { name: 'eth0', netns: there } }),
        'EEXIST',
        /create veth h1 with peer eth0/,
      ],
      [() => near.createLink('no-such-kind', { name: 'x' }), 'EOPNOTSUPP', /create no-such-kind x/],
      [() => far.setLink('nope', { up: true }), 'ENODEV', /set link "nope" up/],
      [() => far.setLink(peer, { mtu: 1 }), 'EINVAL', /mtu 1: EINVAL .*: mtu less than device minimum/],
      [
        () => far.addRoute({ destination: parseCidr('10.0.0.0/8'), via: parseIp('192.0.2.1') }),
        'ENETUNREACH',
        /Nexthop has invalid gateway/,
      ],
      [
        () => far.addAddress({ index: 4711, address: parseIp('10.0.0.1'), prefixLength: 24 }),
        'ENODEV',
        /add address 10.0.0.1\/24 to link 4711/,
      ],
      [() => far.addAddress({ index: peer, address: parseIp('10.0.0.1'), prefixLength: 33 }), 'EINVAL', /10.0.0.1\/33/],
    ]
    for (const [attempt, code, message] of attempts) {
      await expect(attempt()).rejects.toMatchObject({
        name: 'LinuxError',
        code,
        message: expect.stringMatching(message),
      })
    }
  })

  test('one bad request does not disturb those sent with it', async () => {
    const { stack, far, peer } = await pair()
    using _ = stack
    const good = (n: number) => far.addAddress({ index: peer, address: parseIp(`10.0.0.${n}`), prefixLength: 32 })
    const outcomes = await Promise.allSettled([good(1), good(1), good(2), far.linkByName('nope'), good(3)])
    expect(outcomes.map(each => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  })
})
