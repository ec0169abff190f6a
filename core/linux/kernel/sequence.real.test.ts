import { setImmediate } from 'node:timers/promises'
import { parseCidr, parseIp, parseMac } from '@ovnkit/inet'
import { type Desired, Engine, Store } from '@ovnkit/reconcile'
import { EagerClock, expandSequence, type Step, type World } from '@ovnkit/reconcile/testing'
import { test } from 'vitest'
import { Netlink } from '../netlink.ts'
import { type TestNetns, testNetns } from '../testing.ts'
import { KernelAddress, KernelLink, KernelNeighbour, KernelRoute, KernelRule } from './desired.ts'
import { KernelTarget } from './target.ts'

/** Owners `n` with a link of their own and what lies on it, in a namespace of the test's. */
class KernelWorld implements World {
  readonly engine: Engine
  readonly netns: TestNetns
  readonly wanted: Store<readonly Desired[]>
  readonly targets: KernelTarget[]
  /** For disturbances, and to look at the result. */
  readonly netlink: Netlink

  private constructor(from: Pick<KernelWorld, 'netns' | 'wanted' | 'targets' | 'netlink'>, target: KernelTarget) {
    const { wanted } = from
    this.netns = from.netns
    this.wanted = wanted
    this.netlink = from.netlink
    this.targets = from.targets
    this.targets.push(target)
    const owner = {
      kind: 'test',
      keys: wanted,
      render: (key: string, view: { get(store: typeof wanted, key: string): readonly Desired[] | undefined }) => ({
        kind: 'objects' as const,
        objects: view.get(wanted, key) ?? [],
      }),
    }
    this.engine = new Engine({ owners: [owner], targets: [target], clock: new EagerClock() })
  }

  static async create(): Promise<KernelWorld> {
    const netns = testNetns()
    const netlink = Netlink.open({ netns })
    await netlink.createVeth({ name: 'a', peer: { name: 'b' } })
    await netlink.setLink('b', { up: true })
    const wanted = new Store<readonly Desired[]>({ name: 'wanted' })
    wanted.replace([])
    return new KernelWorld({ netns, wanted, netlink, targets: [] }, await KernelTarget.open({ netns }))
  }

  async another(): Promise<KernelWorld> {
    return new KernelWorld(this, await KernelTarget.open({ netns: this.netns }))
  }

  /** What the last target's mirror shows as ours; the mirror itself is compared with `ip` in other tests. */
  dump(): unknown {
    return [...(this.targets.at(-1)?.held() ?? [])].map(({ object }) => object.key).sort()
  }

  [Symbol.dispose](): void {
    for (const target of this.targets) target[Symbol.dispose]()
    this.netlink[Symbol.dispose]()
    this.netns[Symbol.dispose]()
  }
}

const objects = (n: number, via: string, mtu: number): Desired[] => [
  new KernelLink({ name: 'a', up: true, offloads: { tx: false }, ipv4: { rp_filter: 2 } }),
  new KernelLink({ name: `br${n}`, create: { kind: 'bridge' }, mtu, up: true }),
  new KernelAddress({ link: `br${n}`, address: parseIp(`10.${n}.0.1`), prefixLength: 24 }),
  new KernelRoute({
    destination: parseCidr(`10.${n}.1.0/24`),
    via: parseIp(via),
    link: `br${n}`,
    onlink: true,
    source: parseIp(`10.${n}.0.1`),
  }),
  new KernelRule({ family: 4, priority: 100 + n, table: 100, source: parseCidr(`10.${n}.0.0/16`) }),
  new KernelNeighbour({ link: `br${n}`, address: parseIp(`10.${n}.0.9`), mac: parseMac('02:00:00:00:00:09') }),
]

/** Owner n; the shared link `a` belongs to the first only. */
const set =
  (n: number, via: string, mtu = 1500): Step<KernelWorld> =>
  ({ wanted }) =>
    void wanted.set(`o${n}`, objects(n, via, mtu).slice(n === 1 ? 0 : 1))
const drop =
  (n: number): Step<KernelWorld> =>
  ({ wanted }) =>
    void wanted.delete(`o${n}`)

/** A disturbance, after which the event has had its turn of the event loop. */
const disturb =
  (change: (netlink: Netlink) => Promise<unknown>): Step<KernelWorld> =>
  async ({ netlink }) => {
    await change(netlink)
    await setImmediate()
    await setImmediate()
  }

test('incremental equals recomputed, a second run commits nothing, in whatever way a sequence runs', async () => {
  await expandSequence<KernelWorld>({
    create: () => KernelWorld.create(),
    dispose: world => world[Symbol.dispose](),
    steps: [
      set(1, '10.1.0.2'),
      set(2, '10.2.0.2'),
      disturb(netlink => netlink.setLink('br1', { up: false }).catch(() => undefined)),
      set(2, '10.2.0.3', 1400),
      disturb(netlink => netlink.deleteLink('br2')),
      set(3, '10.3.0.2'),
      disturb(netlink =>
        netlink.deleteRule({ family: 4, priority: 101, table: 100, source: parseCidr('10.1.0.0/16') }),
      ),
      drop(1),
      disturb(netlink => netlink.setLink('a', { up: false })),
      set(1, '10.1.0.7'),
      drop(3),
      set(2, '10.2.0.2', 1300),
    ],
  })
})
