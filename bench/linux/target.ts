import { parseCidr } from '@ovnkit/inet'
import { KernelRoute, KernelTarget, Netlink } from '@ovnkit/linux'
import { testNetns } from '@ovnkit/linux/testing'
import { type Desired, Engine, Store } from '@ovnkit/reconcile'
import { report, timed } from './measure.ts'

const count = 10_000
const route = (i: number) => new KernelRoute({ destination: parseCidr(`10.${i >> 8}.${i & 255}.0/24`), link: 'lo' })

/** 10,000 routes of 10,000 owners through the engine: all at once, one changed, one repaired, and a start that finds them there. */
export async function benchTarget(): Promise<void> {
  using netns = testNetns('bench')
  using netlink = Netlink.open({ netns })
  await netlink.setLink('lo', { up: true })
  using target = await KernelTarget.open({ netns })
  const wanted = new Store<readonly Desired[]>({ name: 'wanted' })
  const engine = engineOf(wanted, target)
  wanted.replace([])
  const stop = new AbortController()
  engine.start({ signal: stop.signal })
  await engine.settled()
  report(
    `${count} routes of as many owners, all at once`,
    await timed(
      1,
      async () => {
        for (let i = 0; i < count; i++) wanted.set(`r${i}`, [route(i)])
        await engine.settled()
      },
      0,
    ),
  )
  report(
    'one more route, from the store to the kernel',
    await timed(500, async i => {
      wanted.set(`x${i}`, [new KernelRoute({ destination: parseCidr(`172.16.${i >> 8}.${i & 255}/32`), link: 'lo' })])
      await engine.settled()
    }),
  )
  report('list 10,000 routes', await timed(10, async () => void (await netlink.routes({ protocol: 94 }))))
  stop.abort()
  await restart(netns.path, [...wanted.entries()])
}

async function restart(netns: string, entries: [string, readonly Desired[]][]): Promise<void> {
  let operations = 0
  report(
    'start with all of them there',
    await timed(
      3,
      async () => {
        using target = await KernelTarget.open({ netns })
        const wanted = new Store<readonly Desired[]>({ name: 'wanted' })
        const engine = engineOf(wanted, target)
        wanted.replace(entries)
        const stop = new AbortController()
        engine.start({ signal: stop.signal })
        await engine.settled()
        operations += engine.stats.operations
        stop.abort()
      },
      0,
    ),
  )
  console.log(`    operations at these starts: ${operations}`)
}

function engineOf(wanted: Store<readonly Desired[]>, target: KernelTarget): Engine {
  const render = (key: string, view: { get<V>(store: Store<V>, key: string): V | undefined }) => ({
    kind: 'objects' as const,
    objects: view.get(wanted, key) ?? [],
  })
  return new Engine({ owners: [{ kind: 'test', keys: wanted, render }], targets: [target] })
}
