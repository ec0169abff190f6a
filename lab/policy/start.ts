import { setTimeout as delay } from 'node:timers/promises'
import { type Change, changed, listening, pool } from '@ovnkit/cni-policy/testing'
import { resources } from '@ovnkit/kube'
import { inNextNetwork } from '../reach/enter-next.ts'
import { waitFor } from '../state/wait.ts'
import { nameOf, podObject } from './objects.ts'
import { type Answer, Peer, type Question } from './peers.ts'
import type { Stage } from './stage.ts'

/** What a pod could do from its first moment on. */
export interface Started {
  readonly pod: string
  /** Questions to it and from it, and how many of them were answered. */
  readonly asked: number
  readonly answered: number
  /** Milliseconds by which somebody listened and asked in its network before the API knew that it runs. */
  readonly early: number
}

const everybody = [{ namespaces: {} }]

/** Nobody may talk to these pods, by a policy of either kind; the other ones are asked the same way, to see that they would be heard. */
export const denied = {
  network: {
    kind: 'policy',
    policy: { metadata: { namespace: 'w', name: 'p' }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } },
  },
  cluster: {
    kind: 'cluster policy',
    policy: {
      kind: 'ClusterNetworkPolicy',
      metadata: { name: 'c' },
      spec: {
        tier: 'Admin',
        priority: 7,
        subject: { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'w' } } },
        ingress: [{ action: 'Deny', from: everybody }],
        egress: [{ action: 'Deny', to: everybody }],
      },
    },
  },
} as const satisfies Record<string, Change>
const [shut, open] = ['w/b', 'z/b'] as const
/** Who asks each of them, and is asked by it. */
const others: Readonly<Record<string, string>> = { [shut]: 'x/a', [open]: 'y/a' }

/** Milliseconds between two rounds of questions, and for how long they go on after the pod runs. */
const [every, after] = [80, 1000]

/** Takes a pod of a denied namespace and one of another away, and watches both as they start again. */
export async function watchStart(stage: Stage, change: Change): Promise<readonly [shut: Started, open: Started]> {
  const without = [shut, open].reduce(
    (situation, pod) =>
      situation.pods.has(pod) ? changed(situation, { kind: 'pod comes or goes', pod, labels: {} }) : situation,
    changed(stage.situation, change),
  )
  await stage.become(without)
  return Promise.all([watchOne(stage, shut), watchOne(stage, open)])
}

async function watchOne(stage: Stage, key: string): Promise<Started> {
  const one = pool.find(pod => pod.key === key)
  const other = others[key] ?? ''
  const asker = stage.peers.get(other)
  if (one === undefined || asker === undefined) throw new Error(`expected the pods ${key} and ${other}`)
  const { TCP: tcp, UDP: udp } = listening
  const { stdout: known } = await stage.lab.tryExec(one.node, ['ls', '/run/netns'])
  const options = {
    name: key,
    machine: one.node,
    enter: inNextNetwork(known),
    tcp,
    udp,
  }
  const starting = Peer.start(stage.lab, options).then(peer => ({ peer, at: performance.now() }))
  const client = await stage.lab.client()
  await client.create(resources.pods, podObject(one, {}))
  const tally = new Tally()
  const addresses = await waitFor(() => addressesOf(stage, key), {
    what: `addresses of ${key}`,
    within: 60_000,
    every: 5,
  })
  const inwards = setInterval(() => tally.ask(asker, addresses), every)
  const { peer, at } = await starting
  const targets = stage.lab.plan.networks.flatMap(({ family }) => stage.addressOf(other, family) ?? [])
  const outwards = setInterval(() => tally.ask(peer, targets), every)
  const isRunning = async () => (await client.get(resources.pods, nameOf(key))).status?.phase === 'Running'
  await waitFor(isRunning, { what: `pod ${key}`, within: 60_000, every: 10 })
  const running = performance.now()
  await delay(after)
  clearInterval(inwards)
  clearInterval(outwards)
  peer[Symbol.dispose]()
  asker.stop()
  await remove(stage, key)
  return { pod: key, asked: tally.asked, answered: tally.answered, early: Math.round(running - at) }
}

/** By the annotation, which is there before the pod has its network. */
async function addressesOf(stage: Stage, key: string): Promise<string[] | undefined> {
  const client = await stage.lab.client()
  const { metadata } = await client.get(resources.pods, nameOf(key))
  const text = metadata?.annotations?.['k8s.ovn.org/pod-networks']
  if (text === undefined) return undefined
  return JSON.parse(text).default.ip_addresses.map((address: string) => address.replace(/\/.*/, ''))
}

async function remove(stage: Stage, key: string): Promise<void> {
  const client = await stage.lab.client()
  await client.delete(resources.pods, nameOf(key), { gracePeriodSeconds: 0 })
  const gone = async () => {
    const { items } = await client.list(resources.pods, { namespace: nameOf(key).namespace })
    return !items.some(({ metadata }) => metadata?.name === nameOf(key).name)
  }
  await waitFor(gone, { what: `the end of ${key}`, within: 60_000, every: 20 })
}

/** Counts questions and answers of both directions; numbers of questions are its own. */
class Tally {
  asked = 0
  answered = 0

  /** Both of its peers are asked by it alone. */
  ask(peer: Peer, addresses: readonly string[]): void {
    const questions = addresses.flatMap(address =>
      (['TCP', 'UDP'] as const).map((protocol): Question => {
        this.asked += 1
        return { id: this.asked, protocol, address, port: listening[protocol][0] }
      }),
    )
    const heard = (answers: readonly Answer[]) => {
      this.answered += answers.filter(({ outcome }) => outcome === 'answer').length
    }
    peer.ask(questions, { heard, allAsked: () => undefined })
  }
}
