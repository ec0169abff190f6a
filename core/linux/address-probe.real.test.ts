import { type IpAddress, type Mac, parseIp, parseMac } from '@ovnkit/inet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeAddress } from './address-probe.ts'
import { probeFrame, readClaim } from './codec/probe.ts'
import { Netlink } from './netlink.ts'
import { type TestNetns, testNetns } from './testing.ts'

const own = parseMac('0a:58:00:00:00:09')
/** Long enough for a busy machine to answer. */
const patient = { probes: 3, interval: 2000, wait: 10_000 }
const hasty = { probes: 2, interval: 10, wait: 10 }

let here: TestNetns
let there: TestNetns
let link: { index: number; mac: Mac }
const machine = parseMac('02:00:00:00:00:07')
beforeAll(async () => {
  here = testNetns()
  there = testNetns()
  using netlink = Netlink.open({ netns: here })
  await netlink.createVeth({ name: 'near', peer: { name: 'far', netns: there, mac: machine } })
  await netlink.setLink('near', { up: true })
  await there.exec('ip', 'link', 'set', 'far', 'up')
  await there.exec('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'far')
  await there.exec('ip', 'address', 'add', '2001:db8::1/64', 'dev', 'far', 'nodad')
  const near = (await netlink.links()).find(({ name }) => name === 'near')
  if (near?.mac === undefined) throw new Error('the link has a MAC')
  link = { index: near.index, mac: near.mac }
})
afterAll(() => {
  here[Symbol.dispose]()
  there[Symbol.dispose]()
})

const ask = (address: IpAddress, options: { times?: typeof patient; own?: Mac; signal?: AbortSignal } = {}) =>
  probeAddress({ ...link, address, own, netns: here, times: patient, signal: new AbortController().signal, ...options })

describe('who has an address', () => {
  it.each(['192.0.2.1', '2001:db8::1'])('is told by who has %s', async text => {
    expect(await ask(parseIp(text))).toBe(machine)
  })

  it.each(['192.0.2.2', '2001:db8::2'])('is nobody where nobody answers for %s', async text => {
    expect(await ask(parseIp(text), { times: hasty })).toBeUndefined()
  })

  it.each(['192.0.2.1', '2001:db8::1'])('is no other where the one who is to have %s answers', async text => {
    expect(await ask(parseIp(text), { own: machine, times: hasty })).toBeUndefined()
  })

  it('is asked without a trace: nobody learns of the asker', async () => {
    await ask(parseIp('192.0.2.1'))
    expect(await there.exec('ip', 'neighbour', 'show')).not.toContain(link.mac)
  })

  it('is not asked any more when nobody wants to know', async () => {
    const stop = new AbortController()
    const asked = ask(parseIp('192.0.2.2'), { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  })

  it('cannot be asked by a link that is not there', async () => {
    const request = {
      ...link,
      index: 4711,
      address: parseIp('192.0.2.1'),
      own,
      netns: here,
      signal: AbortSignal.any([]),
    }
    await expect(probeAddress(request)).rejects.toThrow('link 4711')
  })

  it('is not told by a probe of somebody else, nor by what is cut short', () => {
    for (const text of ['192.0.2.1', '2001:db8::1'])
      expect(readClaim(probeFrame(parseIp(text), machine))).toBeUndefined()
    for (const length of [0, 13, 20, 41]) expect(readClaim(Buffer.alloc(length, 8))).toBeUndefined()
  })
})
