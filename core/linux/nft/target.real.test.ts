import { parseCidr } from '@ovnkit/inet'
import { type Desired, Engine, type OwnerKind, Store } from '@ovnkit/reconcile'
import { waitUntil } from '@ovnkit/testing'
import { describe, expect, test } from 'vitest'
import { listConntrack } from '../conntrack.ts'
import { type TestNetns, testNetns } from '../testing.ts'
import { NftChain, NftElement, type NftElementSpec, NftSet, nftPrefix } from './desired.ts'
import { applyNft, deleteTable, listTables, NftError } from './program.ts'
import { NftTarget } from './target.ts'

const table = { family: 'inet', name: 'ours' } as const

/** Owners whose objects are simply what a store says. */
async function world(netns: TestNetns, first: Record<string, Desired[]> = {}) {
  const stack = new DisposableStack()
  const wanted = new Store<readonly Desired[]>({ name: 'wanted' })
  wanted.replace(Object.entries(first))
  const target = stack.use(await NftTarget.open({ netns, tables: [table] }))
  const owner: OwnerKind = {
    kind: 'test',
    keys: wanted,
    render: (key, view) => ({ kind: 'objects', objects: view.get(wanted, key) ?? [] }),
  }
  const engine = new Engine({ owners: [owner], targets: [target] })
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  engine.start({ signal: stop.signal })
  await engine.settled()
  return { stack, engine, wanted, target }
}

const ports = new NftSet({ table, name: 'ports', type: 'inet_proto . inet_service', data: 'verdict' })
const ranges = new NftSet({ table, name: 'ranges', type: 'ipv4_addr', flags: ['interval'] })
const clients = new NftSet({ table, name: 'clients', type: 'ipv4_addr', timeout: 60 })
const places = new NftSet({
  table,
  name: 'places',
  type: 'inet_proto . inet_service',
  data: 'ipv6_addr . inet_service',
})
const entry = (rules: string[], priority = -105) =>
  new NftChain({ table, name: 'entry', hook: { type: 'nat', hook: 'prerouting', priority }, rules })
const skeleton: Desired[] = [
  ports,
  ranges,
  clients,
  places,
  entry(['ip saddr @ranges meta l4proto . th dport vmap @ports', 'dnat ip6 to meta l4proto . th dport map @places']),
]
const chain = (name: string, ...rules: string[]) => new NftChain({ table, name, rules })
const element = (set: string, text: string, data?: string, more: Partial<NftElementSpec> = {}) =>
  new NftElement({ table, set, element: text, ...(data !== undefined && { data }), ...more })
const service = (port: number): Desired[] => [
  chain(`svc/${port}`, 'update @clients { ip saddr }', `meta l4proto tcp dnat ip to 10.1.0.${port}:80`),
  element('ports', `tcp . ${port}`, `goto svc/${port}`, { comment: 'default/web' }),
]
const listed = (netns: TestNetns) => netns.exec('nft', '-s', 'list', 'ruleset')

describe('tables as owners want them', () => {
  test('sets, chains and elements are made, and are found equal after a restart', async () => {
    using netns = testNetns()
    const wanted = {
      base: skeleton,
      a: service(1),
      b: [
        element('ranges', nftPrefix(parseCidr('10.0.0.0/24'))),
        element('ranges', nftPrefix(parseCidr('10.0.1.0/24'))),
        element('ranges', nftPrefix(parseCidr('10.0.3.7/32'))),
        element('places', 'sctp . 7', 'fd00::7 . 80'),
      ],
    }
    const first = await world(netns, wanted)
    const before = await listed(netns)
    expect(before).toContain('tcp . 1 comment "default/web" : goto svc/1')
    expect(before).toContain('sctp . 7 : fd00::7 . 80')
    first.stack.dispose()
    const second = await world(netns, wanted)
    using _ = second.stack
    expect(second.engine.stats.operations).toBe(0)
    expect(await listed(netns)).toBe(before)
  })

  test('a change costs what it changes', async () => {
    using netns = testNetns()
    const { stack, engine, wanted } = await world(netns, { base: skeleton, a: service(1), b: service(2) })
    using _ = stack
    const operations = async (change: () => void) => {
      const before = engine.stats.operations
      change()
      await engine.settled()
      return engine.stats.operations - before
    }
    expect(await operations(() => wanted.set('c', service(3)))).toBe(2)
    expect(await operations(() => wanted.set('c', [...service(3).slice(1), chain('svc/3', 'return')]))).toBe(1)
    expect(await operations(() => wanted.set('a', [service(1)[0] ?? ports, element('ports', 'tcp . 1', 'drop')]))).toBe(
      1,
    )
    expect(await operations(() => wanted.delete('b'))).toBe(2)
    const text = await listed(netns)
    expect(text).toContain('tcp . 1 : drop')
    expect(text).not.toContain('svc/2')
    expect(await operations(() => wanted.set('base', [...skeleton.slice(0, 4), entry(['drop'], -110)]))).toBe(1)
    expect(await listed(netns)).toContain('priority dstnat - 10')
  })

  test('the table goes with the last that is wanted; tables of others stay', async () => {
    using netns = testNetns()
    await netns.exec('nft', 'add table inet theirs; add chain inet theirs c')
    const { stack, engine, wanted } = await world(netns, { base: skeleton })
    using _ = stack
    wanted.delete('base')
    await engine.settled()
    expect(await listed(netns)).toBe('table inet theirs {\n\tchain c {\n\t}\n}\n')
  })

  test('what an earlier run left is swept, and what packets added stays', async () => {
    using netns = testNetns()
    const first = await world(netns, { base: skeleton, a: service(1), b: service(2) })
    first.stack.dispose()
    await netns.exec('nft', 'add element inet ours clients { 192.0.2.1 }')
    const { stack } = await world(netns, { base: skeleton, b: service(2) })
    using _ = stack
    const text = await listed(netns)
    expect(text).not.toContain('svc/1')
    expect(text).toContain('svc/2')
    expect(text).toContain('192.0.2.1')
  })

  test('another declaration of a set makes the table anew, with everything in it', async () => {
    using netns = testNetns()
    const { stack, engine, wanted } = await world(netns, { base: skeleton, a: service(1) })
    using _ = stack
    const other = new NftSet({ table, name: 'clients', type: 'ipv4_addr', timeout: 90 })
    wanted.set('base', [...skeleton.filter(object => object !== clients), other])
    await engine.settled()
    await waitUntil('the table is whole again', async () => {
      const text = await listed(netns).catch(() => '')
      return text.includes('timeout 1m30s') && text.includes('goto svc/1')
    })
  })
})

describe('what others do', () => {
  test.each([
    ['flush', 'flush ruleset'],
    ['removal of the table', 'delete table inet ours'],
    ['flush of a chain', 'flush chain inet ours svc/1'],
    ['removal of an element', 'delete element inet ours ports { tcp . 1 }'],
    ['a rule more', 'add rule inet ours svc/1 counter'],
    ['an element more', 'add element inet ours ports { udp . 9 : drop }'],
    ['a chain more', 'add chain inet ours stray'],
  ])('%s is put right', async (_, command) => {
    using netns = testNetns()
    const { stack } = await world(netns, { base: skeleton, a: service(1) })
    using __ = stack
    const before = await listed(netns)
    await netns.exec('nft', command)
    await waitUntil('as it was', async () => (await listed(netns)) === before)
  })

  test('changes in other tables are nothing to us', async () => {
    using netns = testNetns()
    const { stack, engine, target } = await world(netns, { base: skeleton })
    using _ = stack
    const { diffs } = engine.stats
    await netns.exec('nft', 'add table inet theirs')
    await applyNft('add table inet theirs2', { netns })
    expect(target.ready).toBe(true)
    expect(engine.stats.diffs).toBe(diffs)
  })
})

describe('mistakes', () => {
  test('elements and rules wait for what they refer to', async () => {
    using netns = testNetns()
    const { stack, engine, wanted } = await world(netns, {
      a: [element('ports', 'tcp . 1', 'drop')],
      b: [chain('b', 'ip saddr @ranges jump c/1')],
    })
    using _ = stack
    expect(engine.status('test/a')?.message).toContain('no nftables set inet ours ports')
    expect(engine.status('test/b')?.message).toContain('set inet ours ranges, chain inet ours c/1')
    wanted.set('base', skeleton)
    wanted.set('c', [chain('c/1', 'drop')])
    await engine.settled()
    expect(engine.stats.rejections).toBe(0)
    expect(await listed(netns)).toContain('tcp . 1 : drop')
    expect(await listed(netns)).toContain('jump c/1')
  })

  test('a rule that nft refuses is told to its owner, and holds up nobody else', async () => {
    using netns = testNetns()
    const { stack, engine, wanted } = await world(netns, { base: skeleton })
    using _ = stack
    wanted.set('bad', [chain('bad', 'no such thing')])
    wanted.set('good', service(1))
    await waitUntil('the good one is done', () => engine.status('test/good')?.state === 'done')
    await waitUntil('the bad one is told', () => engine.status('test/bad')?.message.includes('syntax error') ?? false)
    expect(await listed(netns)).toContain('goto svc/1')
  })

  test('a namespace that is not there is an error, not a change to the host', async () => {
    await expect(applyNft('add table inet ours', { netns: '/run/netns/there-is-none' })).rejects.toThrow(NftError)
  })

  test('a table that is not there can be removed', async () => {
    using netns = testNetns()
    await deleteTable(table, { netns })
    await applyNft('add table inet ours', { netns })
    expect(await listTables({ netns })).toEqual(['inet ours'])
    await deleteTable(table, { netns })
    expect(await listTables({ netns })).toEqual([])
  })
})

describe('connections that were sent elsewhere', () => {
  test('are forgotten when what sent them changes', async () => {
    using netns = testNetns()
    await netns.exec('ip', 'link', 'set', 'lo', 'up')
    const targets = new NftSet({ table, name: 'targets', type: 'inet_service', data: 'ipv4_addr . inet_service' })
    const output = new NftChain({
      table,
      name: 'output',
      hook: { type: 'nat', hook: 'output', priority: -105 },
      rules: ['meta l4proto udp dnat ip to th dport map @targets'],
    })
    const published = (port: number, to: string) =>
      element('targets', String(port), to, { flows: [{ family: 4, port, to: [to] }] })
    const first = {
      base: [targets, output],
      a: [published(53, '127.0.0.2 . 53')],
      b: [published(54, '127.0.0.2 . 54')],
    }
    const { stack, engine, wanted } = await world(netns, first)
    using _ = stack
    const send = () =>
      netns.exec('bash', '-c', 'for port in 53 54 55; do echo x > /dev/udp/127.0.0.1/$port || true; done 2>/dev/null')
    const tracked = async () =>
      (await listConntrack({ protocol: 'udp' }, netns))
        .map(({ original, reply }) => `${original.destinationPort} ${reply.source}`)
        .sort()
    await send()
    expect(await tracked()).toEqual(['53 127.0.0.2', '54 127.0.0.2', '55 127.0.0.1'])
    wanted.set('a', [published(53, '127.0.0.3 . 53')])
    await engine.settled()
    expect(await tracked()).toEqual(['54 127.0.0.2', '55 127.0.0.1'])
    wanted.set('c', [published(55, '127.0.0.2 . 55')])
    wanted.delete('b')
    await engine.settled()
    expect(await tracked()).toEqual([])
  })
})
