import { Engine } from './engine.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryObject, MemoryTarget } from './memory-target.ts'
import type { EngineOptions } from './options.ts'
import type { OwnerKind, Rendered } from './owner.ts'
import { Store } from './store.ts'

interface Pod {
  readonly net: string
  readonly problem?: 'wait' | 'invalid'
}

/** Networks and pods on them: a pod is an object that needs its network's. */
export function world(options: Partial<EngineOptions> & { target?: MemoryTarget } = {}) {
  const nets = new Store<string>({ name: 'nets' })
  const pods = new Store<Pod>({ name: 'pods', indexes: { byNet: pod => [pod.net] } })
  const target = options.target ?? new MemoryTarget()
  const clock = new ManualClock()
  const rendered: string[] = []
  const net: OwnerKind = {
    kind: 'net',
    keys: nets,
    order: 0,
    render(key, view) {
      rendered.push(`net/${key}`)
      return objects(new MemoryObject(target.name, `net ${key}`, view.get(nets, key)))
    },
  }
  const pod: OwnerKind = {
    kind: 'pod',
    keys: pods,
    order: 1,
    render(key, view) {
      rendered.push(`pod/${key}`)
      const pod = view.get(pods, key)
      if (!pod) return objects()
      if (pod.problem === 'wait') return { kind: 'wait', reason: 'NoAddress' }
      if (pod.problem === 'invalid') return { kind: 'invalid', reason: 'BadRequest', message: 'not an address' }
      const value = `${key} on ${pod.net} (${view.get(nets, pod.net)})`
      return objects(new MemoryObject(target.name, `pod ${key}`, value, { needs: [`net ${pod.net}`] }))
    },
  }
  const engine = new Engine({ owners: [pod, net], targets: [target], clock, ...options })
  return { nets, pods, target, clock, rendered, engine }
}

export const objects = (...objects: MemoryObject[]): Rendered => ({ kind: 'objects', objects })

export async function started(options?: Parameters<typeof world>[0]) {
  const w = world(options)
  w.nets.replace([['a', '10.0.0.0/24']])
  w.pods.replace([])
  w.engine.start()
  await w.engine.settled()
  return w
}

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await turns(1)
  if (!condition()) throw new Error(`still not true after 1,000 turns: ${condition}`)
}
