import { writeFile } from 'node:fs/promises'
import { type Operation, openDatabase } from '@ovnkit/ovsdb'
import { waitUntil as eventually } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureBridge, ensureExternalIds, removeBridge } from './bridges.ts'
import { Open_vSwitch } from './generated/vswitch.ts'
import { waitForInstalled, waitForInterface } from './installed.ts'
import { mergeBridgeMappings } from './mappings.ts'
import type { FlowStatistics } from './openflow/flow-stats.ts'
import { readFlows } from './openflow/read-flows.ts'
import { ensurePort, portOfInterface, removePort } from './ports.ts'
import { type LocalSwitch, localSwitchTables } from './replica.ts'
import { startTestSwitch, type TestSwitch } from './testing.ts'

let ovs: TestSwitch
let db: LocalSwitch

beforeAll(async () => {
  ovs = await startTestSwitch()
  db = openDatabase(Open_vSwitch, { remotes: ovs.remote, tables: localSwitchTables, leaderOnly: false })
  await db.ready()
  await run(ensureBridge(db, { name: 'br-int', datapathType: 'netdev', failMode: 'secure' }))
})

afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await ovs[Symbol.asyncDispose]()
})

async function run(operations: readonly Operation[]): Promise<void> {
  const outcome = await db.transact(operations)
  if (outcome.status !== 'committed' && outcome.status !== 'unchanged')
    throw new Error(`expected a commit, got ${JSON.stringify(outcome)}`)
}

/** An internal port with the keys that ovn-controller looks for. */
const podPort = (name: string) => ({
  bridge: 'br-int',
  name,
  type: 'internal',
  externalIds: { 'iface-id': `default_${name}`, 'iface-id-ver': 'uid-1' },
})

describe('bridges', () => {
  test('are made, changed by element and removed, as ovs-vsctl shows them', async () => {
    await run(
      ensureBridge(db, {
        name: 'br-x',
        datapathType: 'netdev',
        externalIds: { a: '1' },
        otherConfig: { 'disable-in-band': 'true' },
      }),
    )
    expect((await ovs.vsctl('list-br')).split('\n')).toContain('br-x')
    expect((await ovs.vsctl('get', 'bridge', 'br-x', 'datapath_type', 'other_config')).trim()).toBe(
      'netdev\n{disable-in-band="true"}',
    )
    await ovs.vsctl('set', 'bridge', 'br-x', 'external_ids:theirs=kept')
    await waitUntil(() => db.table('Bridge').by('byName', 'br-x')?.external_ids.has('theirs') === true)
    await run(ensureBridge(db, { name: 'br-x', failMode: 'secure', externalIds: { a: undefined, b: '2' } }))
    expect((await ovs.vsctl('get', 'bridge', 'br-x', 'external_ids', 'fail_mode')).trim()).toBe(
      '{b="2", theirs=kept}\nsecure',
    )
    expect(
      ensureBridge(db, { name: 'br-x', datapathType: 'netdev', failMode: 'secure', externalIds: { b: '2' } }),
    ).toEqual([])
    await run(removeBridge(db, 'br-x'))
    expect((await ovs.vsctl('list-br')).split('\n')).not.toContain('br-x')
    expect(removeBridge(db, 'br-x')).toEqual([])
  })
})

describe('ports', () => {
  test('are made and taken up by ovs-vswitchd, changed by element, and removed without a trace', async () => {
    await run(ensurePort(db, { ...podPort('p1'), portExternalIds: { owner: 'x' }, mtuRequest: 1400 }))
    const row = await waitForInterface(db, 'p1', each => each.ofport !== undefined, { timeout: 10_000 })
    expect(portOfInterface(db, row)).toBe('p1')
    expect((await ovs.vsctl('get', 'interface', 'p1', 'external_ids', 'mtu_request')).trim()).toBe(
      '{iface-id=default_p1, iface-id-ver=uid-1}\n1400',
    )
    expect((await ovs.vsctl('iface-to-br', 'p1')).trim()).toBe('br-int')
    expect(ensurePort(db, podPort('p1'))).toEqual([])
    await run(
      ensurePort(db, { ...podPort('p1'), tag: 7, externalIds: { 'iface-id': 'default_p1', 'iface-id-ver': 'uid-2' } }),
    )
    expect((await ovs.vsctl('get', 'interface', 'p1', 'external_ids')).trim()).toBe(
      '{iface-id=default_p1, iface-id-ver=uid-2}',
    )
    expect((await ovs.vsctl('get', 'port', 'p1', 'tag', 'external_ids')).trim()).toBe('7\n{owner=x}')
    await run(removePort(db, 'p1'))
    expect(await ovs.vsctl('--columns=name', 'find', 'interface', 'name=p1')).toBe('')
    expect(removePort(db, 'p1')).toEqual([])
  })

  test('a missing bridge, and a port in another bridge, are errors that say so', async () => {
    expect(() => ensurePort(db, { bridge: 'br-none', name: 'p9' })).toThrow(/bridge br-none does not exist/)
    await run([...ensureBridge(db, { name: 'br-y', datapathType: 'netdev' })])
    await run(ensurePort(db, { bridge: 'br-y', name: 'p9', type: 'internal' }))
    expect(() => ensurePort(db, podPort('p9'))).toThrow(/port p9 belongs to bridge br-y, wanted in br-int/)
    await run(removeBridge(db, 'br-y'))
  })

  test('two that make the same port at once: one wins, the other is told', async () => {
    const operations = [ensurePort(db, podPort('twin')), ensurePort(db, podPort('twin'))]
    const outcomes = await Promise.all(operations.map(each => db.transact(each)))
    expect(outcomes.map(each => each.status).sort()).toEqual(['committed', 'failed'])
    await run(removePort(db, 'twin'))
  })
})

describe('flows', () => {
  /** Flows with a cookie, in their order. */
  async function flowsOf(tables: readonly number[] = []) {
    const flows: FlowStatistics[] = []
    const signal = AbortSignal.timeout(30_000)
    await readFlows(`${ovs.dir}/br-int.mgmt`, flow => flows.push({ ...flow, match: Buffer.from(flow.match) }), {
      ...{ tables, signal },
    })
    return flows.filter(({ cookie }) => cookie !== 0).sort((a, b) => a.cookie - b.cookie)
  }

  const add = (...flows: string[]) =>
    Promise.all(flows.map(flow => ovs.ofctl('-OOpenFlow15', 'add-flow', 'br-int', flow)))

  /** A packet of UDP to a port. */
  const packet = (port: number) =>
    `${'ffffffffffff'}${'0a0000000001'}0800${'4500001c00000000401100000a0000010a000002'}${'1000'}${port.toString(16).padStart(4, '0')}00080000`
  const send = (port: number) =>
    ovs.ofctl('packet-out', 'br-int', `in_port=controller packet=${packet(port)} actions=table`)

  test('are read with what they counted, by table too; conditions of conjunctions are known', async () => {
    await add(
      'cookie=0xa,table=0,priority=7,udp,tp_dst=53,actions=resubmit(,5)',
      'cookie=0xb,table=5,priority=9,udp,nw_dst=10.0.0.2,actions=conjunction(7,1/2)',
      'cookie=0xb,table=5,priority=9,udp,tp_dst=53,actions=conjunction(7,2/2)',
      'cookie=0xffffffff0000000c,table=5,priority=9,conj_id=7,udp,actions=drop',
    )
    for (let i = 0; i < 3; i++) await send(53)
    await send(54)
    await eventually(
      'the packets to be counted',
      async () => (await flowsOf()).filter(({ packets }) => packets === 3).length >= 2,
    )
    const flows = await flowsOf()
    expect(flows.map(({ table, priority, cookie, clause }) => ({ table, priority, cookie, clause }))).toEqual([
      { table: 0, priority: 7, cookie: 0xa, clause: false },
      { table: 5, priority: 9, cookie: 0xb, clause: true },
      { table: 5, priority: 9, cookie: 0xb, clause: true },
      { table: 5, priority: 9, cookie: 0xc, clause: false },
    ])
    expect(flows.filter(({ clause }) => !clause).map(({ packets, bytes }) => ({ packets, bytes }))).toEqual([
      { packets: 3, bytes: 3 * 42 },
      { packets: 3, bytes: 3 * 42 },
    ])
    expect(new Set(flows.map(({ table, match }) => `${table} ${match.toString('hex')}`)).size).toBe(4)
    expect((await flowsOf([5])).map(({ table }) => table)).toEqual([5, 5, 5])
    await ovs.ofctl('del-flows', 'br-int')
  })

  test('are read whole when there are more than a message holds', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `cookie=${i + 1},udp,tp_dst=${i + 1},actions=drop`)
    await ovs.ofctl('--bundle', '-OOpenFlow14', 'add-flows', 'br-int', await fileOf(many))
    expect((await flowsOf()).map(({ cookie }) => cookie)).toEqual(many.map((_, i) => i + 1))
    await ovs.ofctl('del-flows', 'br-int')
  })

  async function fileOf(lines: readonly string[]): Promise<string> {
    const file = `${ovs.dir}/flows.txt`
    await writeFile(file, lines.join('\n'))
    return file
  }

  test('are refused by a bridge that is not there, and by one that may not speak OpenFlow 1.3', async () => {
    const read = (bridge: string) =>
      readFlows(`${ovs.dir}/${bridge}.mgmt`, () => undefined, { signal: AbortSignal.timeout(30_000) })
    await expect(read('br-none')).rejects.toThrow(/ENOENT/)
    await run(ensureBridge(db, { name: 'br-old', datapathType: 'netdev' }))
    await ovs.vsctl('set', 'bridge', 'br-old', 'protocols=OpenFlow10')
    await expect(read('br-old')).rejects.toThrow(/OpenFlow 1.3, got version 1|ended the connection/)
    await run(removeBridge(db, 'br-old'))
  })
})

describe('external_ids of the switch', () => {
  test('our keys are set and removed, others stay', async () => {
    await ovs.vsctl('set', 'open_vswitch', '.', 'external_ids:theirs=kept')
    await waitUntil(() => db.table('Open_vSwitch').one()?.external_ids.has('theirs') === true)
    await run(ensureExternalIds(db, { 'ovn-encap-type': 'geneve', 'ovn-encap-ip': '10.0.0.1' }))
    expect(ensureExternalIds(db, { 'ovn-encap-type': 'geneve' })).toEqual([])
    await run(ensureExternalIds(db, { 'ovn-encap-type': undefined, 'ovn-encap-ip': undefined }))
    expect(await ovs.vsctl('get', 'open_vswitch', '.', 'external_ids')).toBe('{theirs=kept}\n')
  })

  test('bridge mappings are merged by element; a mapping of another is a conflict; a change meanwhile is noticed', async () => {
    await ovs.vsctl('set', 'open_vswitch', '.', 'external_ids:ovn-bridge-mappings=theirs:br-theirs')
    await waitUntil(() => db.table('Open_vSwitch').one()?.external_ids.has('ovn-bridge-mappings') === true)
    const first = mergeBridgeMappings(
      db,
      new Map([
        ['ours', 'br-ex'],
        ['theirs', 'br-ex'],
      ]),
    )
    expect(first.conflicts).toEqual([{ network: 'theirs', wanted: 'br-ex', existing: 'br-theirs' }])
    await run(first.operations)
    expect(await ovs.vsctl('get', 'open_vswitch', '.', 'external_ids:ovn-bridge-mappings')).toBe(
      '"theirs:br-theirs,ours:br-ex"\n',
    )
    expect(mergeBridgeMappings(db, new Map([['ours', 'br-ex']])).operations).toEqual([])
    const late = mergeBridgeMappings(db, new Map([['more', 'br-more']]))
    await ovs.vsctl('set', 'open_vswitch', '.', 'external_ids:ovn-bridge-mappings="theirs:br-new,ours:br-ex"')
    expect((await db.transact(late.operations)).status).toBe('conflict')
    await run(mergeBridgeMappings(db, new Map(), new Map([['ours', 'br-ex']])).operations)
    expect(await ovs.vsctl('get', 'open_vswitch', '.', 'external_ids:ovn-bridge-mappings')).toBe('"theirs:br-new"\n')
  })
})

describe('waiting for ovn-installed', () => {
  const options = { timeout: 10_000 }

  test('ends with the batch that brings it, also for many at once', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `w${i}`)
    for (const name of names) await run(ensurePort(db, podPort(name)))
    const waiting = Promise.all(names.map(name => waitForInstalled(db, name, options)))
    for (const name of names) await ovs.vsctl('--no-wait', 'set', 'interface', name, 'external_ids:ovn-installed=true')
    expect((await waiting).map(row => row.name)).toEqual(names)
    expect((await waitForInstalled(db, 'w0', options)).name).toBe('w0')
    for (const name of names) await run(removePort(db, name))
  })

  test('ends with what is known when the time is over', async () => {
    const timeout = { timeout: 300 }
    await expect(waitForInstalled(db, 'nobody', timeout)).rejects.toThrow(
      /nobody was not ready within 300 ms: it is not in the switch's database/,
    )
    await run(ensurePort(db, podPort('late')))
    await waitForInterface(db, 'late', row => row.ofport !== undefined, options)
    await expect(waitForInstalled(db, 'late', timeout)).rejects.toThrow(
      /ovn-controller has not bound logical port default_late/,
    )
    await run(ensurePort(db, { bridge: 'br-int', name: 'no-such-link' }))
    await waitForInterface(db, 'no-such-link', row => row.error !== undefined, options)
    await expect(waitForInstalled(db, 'no-such-link', timeout)).rejects.toThrow(
      /ovs-vswitchd says "could not open network device no-such-link/,
    )
    for (const name of ['late', 'no-such-link']) await run(removePort(db, name))
  })

  test('ends when the port is removed, and when the caller gives up', async () => {
    await run(ensurePort(db, podPort('gone')))
    const gone = expect(waitForInstalled(db, 'gone', options)).rejects.toMatchObject({ code: 'gone' })
    await run(removePort(db, 'gone'))
    await gone
    const stop = new AbortController()
    const aborted = expect(waitForInstalled(db, 'never', { ...options, signal: stop.signal })).rejects.toThrow(
      'given up',
    )
    stop.abort(new Error('given up'))
    await aborted
    await expect(waitForInstalled(db, 'never', { ...options, signal: stop.signal })).rejects.toThrow('given up')
  })
})

/** Waits for the replica to show something that another program wrote. */
async function waitUntil(condition: () => boolean): Promise<void> {
  if (condition()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  using _ = db.onBatch(() => condition() && resolve())
  await promise
}
