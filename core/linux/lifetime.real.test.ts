import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { parseCidr, parseIp } from '@ovnkit/inet'
import { waitUntil } from '@ovnkit/testing'
import { describe, expect, test } from 'vitest'
import { NetnsError } from './errors.ts'
import { createNetns, deleteNetns, netnsPath } from './named-netns.ts'
import { Netlink } from './netlink.ts'
import { inNetns, openNetns } from './netns.ts'
import type { NetlinkEvent } from './subscription.ts'
import { testNetns } from './testing.ts'

const openFiles = (): number => readdirSync('/proc/self/fd').length

test('1,000 veths made and removed leave nothing', async () => {
  using here = testNetns()
  using there = testNetns()
  using netlink = Netlink.open({ netns: here })
  const names = Array.from({ length: 1000 }, (_, i) => `v${i}`)
  await Promise.all(names.map(name => netlink.createVeth({ name, peer: { name, netns: there } })))
  expect((await netlink.links()).length).toBe(1001)
  await netlink.deleteLinks([...names, 'gone-already'])
  using other = Netlink.open({ netns: there })
  for (const each of [netlink, other]) expect((await each.links()).map(link => link.name)).toEqual(['lo'])
})

test('1,000 sockets opened, used and closed in other namespaces leave no open file', async () => {
  using netns = testNetns()
  const use = async () => {
    using netlink = Netlink.open({ netns: netns.path })
    using subscription = netlink.subscribe(['link'], () => undefined)
    subscription.unref()
    await netlink.linkByName('lo')
  }
  await use()
  const before = openFiles()
  for (let i = 0; i < 1000; i++) await use()
  await waitUntil(`${before} open files again`, () => openFiles() <= before)
})

test('failed opens leave no open file either', () => {
  const before = openFiles()
  for (let i = 0; i < 100; i++) {
    expect(() => Netlink.open({ netns: '/run/netns/there-is-none' })).toThrow(NetnsError)
    expect(() => Netlink.open({ netns: '/proc/self/status' })).toThrow(NetnsError)
  }
  expect(openFiles()).toBe(before)
})

describe('namespaces', () => {
  test('a missing, a wrong and a stale path are told apart', () => {
    const problem = (path: string) => {
      try {
        openNetns(path)[Symbol.dispose]()
        return undefined
      } catch (error) {
        return error instanceof NetnsError ? error.code : error
      }
    }
    expect(problem('/proc/self/ns/net')).toBeUndefined()
    expect(problem('/run/netns/there-is-none')).toBe('missing')
    expect(problem('/proc/4194304/ns/net')).toBe('missing')
    expect(problem('/proc/self/ns/mnt')).toBe('not-a-netns')
    expect(problem('/etc/hostname')).toBe('not-a-netns')
  })

  test('names that are taken or no names are refused', () => {
    using netns = testNetns()
    expect(() => createNetns(netns.name)).toThrow(/EEXIST/)
    for (const name of ['', '..', 'a/b']) expect(() => createNetns(name)).toThrow(/expected a namespace name/)
    expect(deleteNetns('there-is-none')).toBe(false)
  })

  test('the thread is back home afterwards, also after an exception', () => {
    using netns = testNetns()
    const links = () => readdirSync('/proc/thread-self/net/dev_snmp6')
    const home = links()
    expect(inNetns(netns, links)).toEqual(['lo'])
    expect(() =>
      inNetns(netns, () => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect(links()).toEqual(home)
  })

  test('work that would go on later is refused', () => {
    using netns = testNetns()
    expect(() => inNetns(netns, async () => undefined)).toThrow(/must be synchronous/)
  })

  test('when the way back fails, the process is stopped before anything else runs', () => {
    using netns = testNetns()
    let calls = 0
    const die = (message: string): never => {
      throw new Error(`stopped: ${message}`)
    }
    const setns = () => (++calls === 1 ? 0 : -1)
    expect(() => inNetns(netns, () => 1, { setns, errno: () => 1, die })).toThrow(
      /stopped: can't return from network namespace .* \(errno 1\)/,
    )
  })

  test('a namespace that is deleted while in use stays usable until it is closed', async () => {
    const netns = testNetns()
    using netlink = Netlink.open({ netns })
    netns[Symbol.dispose]()
    await netlink.setLink('lo', { up: true })
    expect(await netlink.linkByName('lo')).toMatchObject({ up: true })
    expect(() => Netlink.open({ netns: netnsPath(netns.name) })).toThrow(/does not exist \(any more\)/)
  })

  test('a namespace that is deleted takes its end of a pair along, and the other end with it', async () => {
    using here = testNetns()
    const there = testNetns()
    using netlink = Netlink.open({ netns: here })
    const events: NetlinkEvent[] = []
    using _ = netlink.subscribe(['link'], event => events.push(event))
    await netlink.createVeth({ name: 'h0', peer: { name: 'eth0', netns: there } })
    there[Symbol.dispose]()
    await waitUntil('h0 is gone', () =>
      events.some(event => event.kind === 'link' && event.removed && event.link.name === 'h0'),
    )
    expect(await netlink.linkByName('h0')).toBeUndefined()
    await expect(netlink.createVeth({ name: 'h0', peer: { name: 'eth0', netns: there.path } })).rejects.toMatchObject({
      name: 'NetnsError',
      code: 'missing',
    })
  })
})

test('after closing, requests under way end well and later ones are refused', async () => {
  using netns = testNetns()
  const netlink = Netlink.open({ netns })
  const underWay = netlink.links()
  await Promise.resolve()
  const queued = expect(netlink.links()).rejects.toThrow(/this Netlink was closed/)
  netlink[Symbol.dispose]()
  expect((await underWay).length).toBe(1)
  await queued
  await expect(netlink.links()).rejects.toThrow(/this Netlink was closed/)
})

test('lists that change while they are read are read again, and are complete', async () => {
  using netns = testNetns()
  using netlink = Netlink.open({ netns })
  using writer = Netlink.open({ netns })
  await writer.setLink('lo', { up: true })
  const route = (i: number) => ({ destination: parseCidr(`10.${i >> 8}.${i & 255}.0/24`), index: 1, metric: 9 })
  await Promise.all(Array.from({ length: 2000 }, (_, i) => writer.addRoute(route(i))))
  const churn = (async () => {
    for (let i = 0; i < 20; i++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, j) =>
          writer.addAddress({ index: 1, address: parseIp(`127.1.${i}.${j}`), prefixLength: 32 }),
        ),
      )
    }
  })()
  for (let i = 0; i < 20; i++) expect((await netlink.routes()).filter(each => each.metric === 9).length).toBe(2000)
  await churn
})

describe('subscriptions', () => {
  test('links, addresses, routes, rules and neighbours come in the kernel’s order', async () => {
    using netns = testNetns()
    using netlink = Netlink.open({ netns })
    const seen: string[] = []
    using _ = netlink.subscribe(['link', 'address', 'route', 'rule', 'neighbour'], event => {
      if (event.kind === 'link')
        seen.push(`${event.removed ? '-' : '+'}link ${event.link.name} ${event.link.up ? 'up' : 'down'}`)
      if (event.kind === 'address') seen.push(`${event.removed ? '-' : '+'}address ${event.address.address}`)
      if (event.kind === 'route' && event.route.protocol === 94)
        seen.push(`${event.removed ? '-' : '+'}route ${event.route.destination.text}`)
      if (event.kind === 'rule') seen.push(`${event.removed ? '-' : '+'}rule ${event.rule.priority}`)
      if (event.kind === 'neighbour') seen.push(`${event.removed ? '-' : '+'}neighbour ${event.neighbour.address}`)
    })
    const route = { destination: parseCidr('10.1.0.0/16'), index: 1, protocol: 94 }
    await netlink.setLink('lo', { up: true })
    await netlink.addAddress({ index: 1, address: parseIp('10.0.0.1'), prefixLength: 32 })
    await netlink.addRoute(route)
    await netlink.deleteRoute(route)
    await netlink.addRule({ family: 4, priority: 77, table: 100 })
    await netlink.deleteRule({ family: 4, priority: 77, table: 100 })
    const expected = [
      '+link lo up',
      '+address 10.0.0.1',
      '+route 10.1.0.0/16',
      '-route 10.1.0.0/16',
      '+rule 77',
      '-rule 77',
    ]
    await waitUntil('all events', () => expected.every(each => seen.includes(each)))
    expect(seen.filter(each => expected.includes(each))).toEqual(expected)
  })

  test('a link that leaves its bridge is not reported as removed', async () => {
    using netns = testNetns()
    using netlink = Netlink.open({ netns })
    const seen: string[] = []
    using _ = netlink.subscribe(['link'], event => {
      if (event.kind === 'link')
        seen.push(`${event.removed ? '-' : '+'}${event.link.name} in ${event.link.master} kind ${event.link.kind}`)
    })
    await netlink.createLink('bridge', { name: 'br0' })
    const bridge = await netlink.linkByName('br0')
    await netlink.createVeth({ name: 'v0', peer: { name: 'v1' } })
    await netlink.setLink('v0', { master: bridge?.index ?? -1 })
    await netlink.setLink('v0', { master: 0 })
    await netlink.setLink('v0', { mtu: 1300 })
    await waitUntil('v0 without a bridge', () => seen.at(-1) === '+v0 in undefined kind veth')
    expect(seen.filter(each => each.startsWith('-'))).toEqual([])
    expect(seen.filter(each => each.includes('v0')).every(each => each.endsWith('kind veth'))).toBe(true)
  })

  test('when the kernel had to drop events, one event says that everything is to be read again', async () => {
    using netns = testNetns()
    using netlink = Netlink.open({ netns })
    const kinds = new Map<string, number>()
    using _ = netlink.subscribe(['route'], ({ kind }) => kinds.set(kind, (kinds.get(kind) ?? 0) + 1))
    await netlink.setLink('lo', { up: true })
    // A program of its own fills the queue while this thread is kept from reading it.
    const script = Array.from({ length: 30_000 }, (_, i) => `route add 10.${i >> 8}.${i & 255}.0/24 dev lo`).join('\n')
    execFileSync('nsenter', [`--net=${netns.path}`, 'ip', '-batch', '-'], { input: script })
    await waitUntil('a resync event', () => (kinds.get('resync') ?? 0) > 0)
    await netlink.addRoute({ destination: parseCidr('172.16.0.0/16'), index: 1 })
    expect((await netlink.routes({ table: 254 })).length).toBeGreaterThan(30_000)
  })
})
