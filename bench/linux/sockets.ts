import { Netlink } from '@ovnkit/linux'
import { testNetns } from '@ovnkit/linux/testing'
import { report, timed } from './measure.ts'

/** Opening and closing a socket in another namespace, and one small request. */
export async function benchSockets(): Promise<void> {
  using netns = testNetns('bench')
  report(
    'open + close a socket in a namespace given by path',
    await timed(2000, () => Netlink.open({ netns: netns.path })[Symbol.dispose]()),
  )
  report(
    'open + close a socket in an open namespace',
    await timed(2000, () => Netlink.open({ netns })[Symbol.dispose]()),
  )
  using netlink = Netlink.open({ netns })
  report(
    'one request and its answer (link by name)',
    await timed(2000, async () => void (await netlink.linkByName('lo'))),
  )
  report(
    'ten requests together',
    await timed(1000, async () => void (await Promise.all(Array.from({ length: 10 }, () => netlink.linkByName('lo'))))),
  )
}
