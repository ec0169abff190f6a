import type { BenchNode } from './node.ts'
import type { OvnTime } from './ovn-time.ts'
import type { Attachment, Plugin, Verb } from './plugins.ts'
import type { BenchPod, Pods } from './pods.ts'
import type { CpuMeter } from './usage.ts'

/** All that takes part in a measurement. */
export interface Bench {
  readonly node: BenchNode
  readonly pods: Pods
  readonly ours: Plugin
  readonly reference: Plugin
  readonly ovn: OvnTime
  readonly cpu: CpuMeter
  /** Namespaces for the sandboxes of a block, one set for each plugin. */
  readonly netns: { readonly ours: readonly string[]; readonly reference: readonly string[] }
}

/** Milliseconds, one for each sandbox. */
export interface Times {
  readonly add: number[]
  readonly fresh: number[]
  readonly del: number[]
  readonly bridge: number[]
  readonly bridgeDel: number[]
  readonly ovn: number[]
}

export const noTimes = (): Times => ({ add: [], fresh: [], del: [], bridge: [], bridgeDel: [], ovn: [] })

/**
 * One block: `size` sandboxes by each side, in an order that changes with the block, and all of them removed again, so that
 * the number of pods stays what it was. The pods are assigned and known on the node beforehand, but for those of `fresh`.
 */
export async function measureBlock(bench: Bench, size: number, atOnce: number, turn: number): Promise<Times> {
  const { node, pods, ovn } = bench
  const times = noTimes()
  const [own, ofOvn] = [await pods.createMany(size), await pods.createMany(size)]
  await pods.annotated([...own, ...ofOvn])
  await node.settle()
  const attachments = attach(own, bench.netns.ours)
  const references = attach(own, bench.netns.reference)
  const sides = [
    async () =>
      times.add.push(...(await bench.cpu.during(size, () => inGroups(bench.ours, 'ADD', attachments, atOnce)))),
    async () => times.bridge.push(...(await inGroups(bench.reference, 'ADD', references, atOnce))),
    async () => times.ovn.push(...(await ovnInGroups(ovn, ofOvn, atOnce))),
  ]
  for (let i = 0; i < sides.length; i++) {
    await sides[(i + turn) % sides.length]?.()
    await node.settle()
  }
  times.del.push(...(await inGroups(bench.ours, 'DEL', attachments, atOnce)))
  times.bridgeDel.push(...(await inGroups(bench.reference, 'DEL', references, atOnce)))
  await ovn.removeAll()
  await pods.remove([...own, ...ofOvn])
  await node.settle()
  return times
}

/** ADDs that begin as soon as the Pod objects exist: the time of controller and northd is in them. */
export async function measureFresh(bench: Bench, size: number, atOnce: number): Promise<readonly number[]> {
  const times: number[] = []
  const made: Attachment[] = []
  for (let i = 0; i < size; i += atOnce) {
    const group = attach(await bench.pods.createMany(atOnce), bench.netns.ours.slice(i))
    made.push(...group)
    times.push(...(await bench.ours('ADD', group)))
  }
  await inGroups(bench.ours, 'DEL', made, atOnce)
  await bench.pods.remove(made.map(({ pod }) => pod))
  await bench.node.settle()
  return times
}

export function attach(pods: readonly BenchPod[], netns: readonly string[]): readonly Attachment[] {
  return pods.map((pod, i) => ({ pod, netns: netns[i] ?? '' }))
}

export async function inGroups(plugin: Plugin, verb: Verb, all: readonly Attachment[], atOnce: number) {
  const times: number[] = []
  for (let i = 0; i < all.length; i += atOnce) times.push(...(await plugin(verb, all.slice(i, i + atOnce))))
  return times
}

async function ovnInGroups(ovn: OvnTime, pods: readonly BenchPod[], atOnce: number): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 0; i < pods.length; i += atOnce) times.push(...(await ovn.add(pods.slice(i, i + atOnce), i)))
  return times
}
