import { parseIp } from '@ovnkit/inet'
import { waitUntil } from '@ovnkit/testing'
import { describe, expect, it } from 'vitest'
import { announcements } from './codec/announcement.ts'
import { sendFrames } from './frames.ts'
import { Netlink } from './netlink.ts'
import { testNetns } from './testing.ts'

describe('announcements of an address', () => {
  it('change what the kernel at the other end of the wire knows of it, in both families', async () => {
    using here = testNetns()
    using there = testNetns()
    using netlink = Netlink.open({ netns: here })
    await netlink.createVeth({ name: 'near', peer: { name: 'far', netns: there } })
    await netlink.setLink('near', { up: true })
    await there.exec('ip', 'link', 'set', 'far', 'up')
    await there.exec('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'far')
    await there.exec('ip', 'address', 'add', '2001:db8::1/64', 'dev', 'far', 'nodad')
    const addresses = ['192.0.2.9', '2001:db8::9'].map(parseIp)
    // Neighbours heed what changes an entry that they have.
    for (const address of addresses)
      await there.exec(
        'ip',
        'neighbour',
        'replace',
        address,
        'lladdr',
        '02:00:00:00:00:01',
        'dev',
        'far',
        'nud',
        'stale',
      )
    const link = (await netlink.links()).find(({ name }) => name === 'near')
    if (link?.mac === undefined) throw new Error('the link has a MAC')
    for (const address of addresses) sendFrames(link.index, announcements(address, link.mac), here)
    for (const address of addresses) {
      await waitUntil(`${address} to be known at ${link.mac}`, async () =>
        (await there.exec('ip', 'neighbour', 'show', address)).includes(link.mac ?? '-'),
      )
    }
    expect(await there.exec('nstat', '-asz', 'Icmp6InErrors', 'Icmp6InCsumErrors').catch(() => '')).not.toMatch(
      /Icmp6In\w*Err\w*\s+[1-9]/,
    )
  })

  it('by a link that is not there are an error', () => {
    using here = testNetns()
    expect(() => sendFrames(4711, [Buffer.alloc(60)], here)).toThrow('link 4711')
  })
})
