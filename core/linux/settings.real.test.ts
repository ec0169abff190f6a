import { parseIp } from '@ovnkit/inet'
import { describe, expect, test } from 'vitest'
import { flushConntrack, listConntrack } from './conntrack.ts'
import { Netlink } from './netlink.ts'
import { readOffloads, setOffloads, userspaceDatapathOffloads } from './offloads.ts'
import { ensureSysctl, readSysctl, writeSysctl } from './sysctl.ts'
import { testNetns } from './testing.ts'

async function pair() {
  const stack = new DisposableStack()
  const here = stack.use(testNetns())
  const there = stack.use(testNetns())
  using near = Netlink.open({ netns: here })
  using far = Netlink.open({ netns: there })
  const { index, peerIndex = 0 } = await near.createVeth({ name: 'h0', up: true, peer: { name: 'eth0', netns: there } })
  await far.setLink('eth0', { up: true })
  await near.addAddress({ index, address: parseIp('10.0.0.1'), prefixLength: 24 })
  await far.addAddress({ index: peerIndex, address: parseIp('10.0.0.2'), prefixLength: 24 })
  return { stack, here, there }
}

describe('offloads', () => {
  test('what a userspace datapath needs is switched off, as ethtool sees it, and back on', async () => {
    const { stack, there } = await pair()
    using _ = stack
    expect(readOffloads('eth0', there)).toMatchObject({ tx: true, tso: true, gso: true, sg: true })
    setOffloads('eth0', there, userspaceDatapathOffloads)
    expect(readOffloads('eth0', there)).toMatchObject({ tx: false, tso: false, gso: false, gro: false, sg: true })
    const features = await there.exec('ethtool', '-k', 'eth0')
    for (const feature of [
      'tx-checksumming',
      'tx-tcp-segmentation',
      'tx-tcp6-segmentation',
      'generic-segmentation-offload',
      'generic-receive-offload',
    ])
      expect(features).toMatch(new RegExp(`${feature}: off`))
    setOffloads('eth0', there.path, { tx: true, gro: true })
    expect(readOffloads('eth0', there)).toMatchObject({ tx: true, gro: true, gso: false })
  })

  test('a missing interface is named', () => {
    using netns = testNetns()
    expect(() => setOffloads('nope', netns, { tx: false })).toThrow(/switch tx of nope off: ENODEV/)
    expect(() => setOffloads('a-name-too-long-for-it', netns, { tx: false })).toThrow(/the name is too long/)
  })
})

describe('sysctl', () => {
  test('is read and written in the namespace that is meant, and in no other', async () => {
    const { stack, here, there } = await pair()
    using _ = stack
    const path = 'net/ipv4/conf/eth0/rp_filter'
    expect([ensureSysctl(path, 2, there), ensureSysctl(path, 2, there.path)]).toEqual([true, false])
    expect(await there.exec('sysctl', '-n', 'net.ipv4.conf.eth0.rp_filter')).toBe('2\n')
    writeSysctl('net/ipv4/ip_forward', 1, there)
    expect([readSysctl('net/ipv4/ip_forward', there), readSysctl('net/ipv4/ip_forward', here)]).toEqual(['1', '0'])
  })

  test('refuses what the kernel refuses, with the name and value', () => {
    using netns = testNetns()
    expect(() => writeSysctl('net/ipv4/conf/nope/rp_filter', 1, netns)).toThrow(
      /set sysctl net\/ipv4\/conf\/nope\/rp_filter to 1: ENOENT/,
    )
    expect(() => writeSysctl('net/ipv4/ip_forward', 'yes', netns)).toThrow(/to yes: EINVAL/)
    expect(() => readSysctl('net/../../version', netns)).toThrow(/expected a path below/)
  })
})

describe('conntrack', () => {
  test('lists and forgets connections by address, protocol and port', async () => {
    const { stack, there } = await pair()
    using _ = stack
    // Connections are tracked in a namespace only once a rule there asks for their state.
    await there.exec(
      'nft',
      'add table ip t; add chain ip t c { type filter hook output priority 0; }; add rule ip t c ct state new accept',
    )
    await there.exec('bash', '-c', 'for port in 100 101 102 103; do echo hello > /dev/udp/10.0.0.1/$port; done')
    expect((await listConntrack({}, there)).map(each => each.original.destinationPort).sort()).toEqual([
      100, 101, 102, 103,
    ])
    expect(await flushConntrack({ port: 101, protocol: 'udp' }, there)).toBe(1)
    expect(await flushConntrack({ port: 102, protocol: 'tcp' }, there)).toBe(0)
    expect(await flushConntrack({ translatedTo: parseIp('10.0.0.1'), translatedPort: 102 }, there)).toBe(1)
    expect(await flushConntrack({ address: parseIp('10.0.0.9') }, there)).toBe(0)
    expect(await flushConntrack({ address: parseIp('10.0.0.2') }, there)).toBe(2)
    expect((await there.exec('conntrack', '-L')).trim()).toBe('')
  })

  test('an empty filter, which would mean everything, is refused', async () => {
    await expect(flushConntrack({})).rejects.toThrow(/expected a filter/)
  })
})
