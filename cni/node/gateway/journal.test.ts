import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseCidr, parseIp } from '@ovnkit/inet'
import type { Address, Route } from '@ovnkit/linux'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type HeldAddress,
  type HeldRoute,
  heldAddresses,
  heldRoutes,
  type Journal,
  readJournal,
  remember,
  removeJournal,
  writeJournal,
} from './journal.ts'

const folder = mkdtempSync(join(tmpdir(), 'journal-'))
afterAll(() => rmSync(folder, { recursive: true }))

const address = (ip: string, permanent = true): HeldAddress => ({
  address: parseIp(ip),
  prefixLength: ip.includes(':') ? 64 : 24,
  permanent,
})
const route = (destination: string, via: string, metric = 0): HeldRoute => ({
  destination: parseCidr(destination),
  via: parseIp(via),
  ...{ table: 254, protocol: 3, metric, scope: 'global' },
})
const journal = (addresses: readonly HeldAddress[], routes: readonly HeldRoute[] = []): Journal => ({
  ...{ nic: 'eth1', mac: '02:00:00:00:00:01', madeBridge: true, phase: 'moved', addresses, routes, superseded: [] },
})
const texts = ({ addresses }: Journal) => addresses.map(({ address: ip }) => ip)

describe('the journal of a NIC', () => {
  it('is read back as it was written, by its owner alone', () => {
    const path = join(folder, 'gateway.json')
    const written = journal(
      [address('192.0.2.11'), address('2001:db8::11', false)],
      [route('0.0.0.0/0', '192.0.2.1', 100), { ...route('::/0', 'fe80::1'), mtu: 1400, onlink: true }],
    )
    writeJournal(path, written)
    expect(readJournal(path)).toEqual(written)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    removeJournal(path)
    expect(readJournal(path)).toBeUndefined()
    removeJournal(path)
  })

  it('of an earlier version is read: it has superseded nothing', () => {
    const path = join(folder, 'earlier.json')
    const { superseded, ...earlier } = journal([])
    writeFileSync(path, JSON.stringify(earlier))
    expect(readJournal(path)?.superseded).toEqual(superseded)
  })

  it('that is not ours is an error, not nothing: the addresses in it would be lost', () => {
    const path = join(folder, 'broken.json')
    writeFileSync(path, '{"nic": "eth1"}')
    expect(() => readJournal(path)).toThrow()
    writeFileSync(path, '{')
    expect(() => readJournal(path)).toThrow()
  })
})

describe('what a NIC shows later', () => {
  it('is added: somebody has given it one more address', () => {
    const later = remember(journal([address('192.0.2.11')]), [address('192.0.2.77')], [])
    expect(texts(later)).toEqual(['192.0.2.11', '192.0.2.77'])
  })

  it('takes nothing away: a NIC in its bridge has nothing', () => {
    const before = journal([address('192.0.2.11')], [route('0.0.0.0/0', '192.0.2.1')])
    expect(remember(before, [], [])).toEqual(before)
  })

  it('takes the place of an older lease of its family, and of no other address', () => {
    const before = journal([address('192.0.2.11'), address('192.0.2.50', false), address('2001:db8::50', false)])
    expect(texts(remember(before, [address('192.0.2.51', false)], []))).toEqual([
      '192.0.2.11',
      '2001:db8::50',
      '192.0.2.51',
    ])
  })

  it('supersedes a lease with all that needed it: routes from it, and by routers that nobody else reaches', () => {
    const routes = [
      { ...route('203.0.113.0/24', '192.0.2.1'), source: parseIp('192.0.2.50') },
      route('0.0.0.0/0', '192.0.2.1', 100),
      route('198.51.100.0/24', '10.9.9.9'),
    ]
    const before = journal([address('192.0.2.50', false), address('2001:db8::50', false)], routes)
    const moved = remember(before, [address('192.0.2.51', false)], [])
    expect(moved.superseded).toEqual([address('192.0.2.50', false)])
    expect(moved.routes).toEqual(routes.slice(1))
    const elsewhere = remember(before, [address('198.18.0.51', false)], [])
    expect(elsewhere.routes).toEqual(routes.slice(2))
    // Given again, it is no former one any more.
    expect(remember(moved, [address('192.0.2.50', false)], []).superseded).toEqual([address('192.0.2.51', false)])
  })

  it('of IPv6 supersedes a lease of DHCPv6 by another one, and none that a router made', () => {
    const lease = (ip: string) => ({ ...address(ip, false), prefixLength: 128 })
    const before = journal([address('2001:db8::50', false), lease('2001:db8::a')])
    expect(remember(before, [lease('2001:db8::b')], []).superseded).toEqual([lease('2001:db8::a')])
    expect(remember(before, [address('2001:db8::51', false)], []).superseded).toEqual([])
  })

  it('renewed is there once, with what is known of it now', () => {
    const before = journal([address('192.0.2.50', false)])
    expect(remember(before, [address('192.0.2.50', false)], []).addresses).toEqual([address('192.0.2.50', false)])
    expect(remember(before, [address('192.0.2.50')], []).addresses).toEqual([address('192.0.2.50')])
  })

  it('replaces a route to the same place of the same metric, as the kernel does', () => {
    const before = journal([], [route('0.0.0.0/0', '192.0.2.1'), route('0.0.0.0/0', '192.0.2.2', 100)])
    const { routes } = remember(before, [], [route('0.0.0.0/0', '192.0.2.254')])
    expect(routes.map(({ via, metric }) => `${via} ${metric}`)).toEqual(['192.0.2.2 100', '192.0.2.254 0'])
  })
})

describe('of a link is kept', () => {
  const found = (ip: string, changes: Partial<Address> = {}): Address => ({
    index: 7,
    family: ip.includes(':') ? 6 : 4,
    address: parseIp(ip),
    prefixLength: 24,
    peer: undefined,
    broadcast: undefined,
    scope: 'global',
    label: '',
    permanent: true,
    tentative: false,
    dadFailed: false,
    nodad: false,
    noPrefixRoute: false,
    protocol: 0,
    ...changes,
  })
  const way = (destination: string, changes: Partial<Route> = {}): Route => ({
    family: 4,
    destination: parseCidr(destination),
    type: 'unicast',
    table: 254,
    protocol: 3,
    scope: 'global',
    metric: 0,
    via: parseIp('192.0.2.1'),
    index: 7,
    source: undefined,
    mtu: 0,
    onlink: false,
    nextHops: [],
    cloned: false,
    ...changes,
  })

  it('every address that somebody gave it: not its link-local one, none that another machine has', () => {
    const all = [
      found('192.0.2.11'),
      found('fe80::1', { scope: 'link' }),
      found('2001:db8::1', { dadFailed: true }),
      found('2001:db8::2', { tentative: true, permanent: false }),
      found('198.51.100.1', { index: 8 }),
    ]
    expect(heldAddresses(all, 7).map(({ address: ip, permanent }) => [ip, permanent])).toEqual([
      ['192.0.2.11', true],
      ['2001:db8::2', false],
    ])
  })

  it('every route that somebody set: not the kernel’s own, of any table but local', () => {
    const all = [
      way('0.0.0.0/0'),
      way('192.0.2.0/24', { protocol: 2, scope: 'link', via: undefined }),
      way('192.0.2.255/32', { table: 255 }),
      way('203.0.113.0/24', { table: 100, mtu: 1400, onlink: true }),
      way('198.51.100.0/24', { index: 8 }),
      way('198.51.100.2/32', { cloned: true, mtu: 1300 }),
    ]
    expect(heldRoutes(all, 7)).toEqual([
      {
        destination: parseCidr('0.0.0.0/0'),
        ...{ table: 254, protocol: 3, metric: 0, scope: 'global', via: '192.0.2.1' },
      },
      {
        destination: parseCidr('203.0.113.0/24'),
        ...{ table: 100, protocol: 3, metric: 0, scope: 'global', via: '192.0.2.1', mtu: 1400, onlink: true },
      },
    ])
  })
})
