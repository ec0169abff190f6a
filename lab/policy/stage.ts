import type { NetworkPolicy, World } from '@ovnkit/cni-policy/reference'
import { listening, policyKey, pool, resolved, type Situation, spaces, worldOf } from '@ovnkit/cni-policy/testing'
import { isApiError, type KubeClient, type KubeObject, type Pod, resources } from '@ovnkit/kube'
import type { Lab } from '../lab.ts'
import { waitFor } from '../state/wait.ts'
import { byKind, ClusterPolicies, untold } from './cluster-policies.ts'
import { netnsByAddress } from './netns.ts'
import { doorOf, labelsPatch, nameOf, podLabels, podObject, policyResource, serviceObjects } from './objects.ts'
import { Peer } from './peers.ts'
import type { Surroundings } from './questions.ts'
import { hasTiers, withoutPass } from './tiers.ts'

/** Where `client` stands. */
export const outsider = 'client'

const empty: Situation = {
  namespaces: new Map(),
  nodes: new Map(),
  pods: new Map(),
  policies: new Map(),
  clusterPolicies: new Map(),
}

export interface StageOptions {
  /** The cluster has the definitions of policies of the cluster. */
  readonly clusterPolicies?: boolean
}

/**
 * A pool of pods in a lab of two nodes, somebody in each of their networks and on each node who listens and asks, and the policies of a
 * situation. Everything is removed with it.
 */
export class Stage implements AsyncDisposable {
  readonly lab: Lab
  readonly peers = new Map<string, Peer>()
  readonly #client: KubeClient
  /** Addresses of the pool's pods, also of those that have gone. */
  readonly #addresses = new Map<string, readonly string[]>()
  /** What the situation's policies became in the API. */
  readonly #written = new Map<string, NetworkPolicy>()
  /** undefined: they are not defined. */
  readonly #clusterPolicies: ClusterPolicies | undefined
  readonly #tiers: boolean
  #situation = empty

  private constructor(lab: Lab, client: KubeClient, tiers: boolean, { clusterPolicies = false }: StageOptions) {
    this.lab = lab
    this.#client = client
    this.#tiers = tiers
    this.#clusterPolicies = clusterPolicies ? new ClusterPolicies(client, this.addressOf) : undefined
  }

  static async open(lab: Lab, situation: Situation, options: StageOptions = {}): Promise<Stage> {
    if (lab.nodes.length < 2) throw new Error('policies are asked about between two nodes: expected a lab with two')
    if (!lab.record.controllers)
      throw new Error(
        "expected a lab with Kubernetes' own controllers (Services' endpoints): lab up --light --controllers",
      )
    const stage = new Stage(lab, await lab.client(), await hasTiers(lab), options)
    await stage.#removeAll()
    await stage.#allGone()
    await stage.#startMachines()
    await stage.become(situation)
    return stage
  }

  get situation(): Situation {
    return this.#situation
  }

  /** Writes what differs, pods first. */
  async become(next: Situation): Promise<void> {
    const old = this.#situation
    this.#situation = next
    await Promise.all([...next.namespaces.keys()].map(name => this.#labelNamespace(name, old, next)))
    await Promise.all([...next.nodes.keys()].map(name => this.#labelNode(name, old, next)))
    await this.#syncPods(old, next)
    await this.#syncPolicies(next)
    if (this.#clusterPolicies !== undefined) await this.#clusterPolicies.become(next)
    else if (next.clusterPolicies.size > 0)
      throw new Error('policies of the cluster are not defined here: expected --cluster or --mixed')
  }

  /** What policies of the cluster ought to say of themselves and do not, a sentence each. */
  async untold(): Promise<string[]> {
    return untold((await this.#clusterPolicies?.all()) ?? [], this.#tiers)
  }

  /** Everything that would decide in another situation. */
  async worldIn(next: Situation): Promise<World> {
    const { items } = await this.#client.list(resources.nodes)
    return this.#carriedOut(worldOf(next, items, this.addressOf))
  }

  #carriedOut(world: World): World {
    return this.#tiers ? world : withoutPass(world)
  }

  /** Everything that decides, as the API server has it now. */
  async world(): Promise<World> {
    const client = this.#client
    const lists = await Promise.all([
      client.list(resources.pods),
      client.list(resources.namespaces),
      client.list(resources.nodes),
      client.list(policyResource),
    ])
    const [pods, namespaces, nodes, networkPolicies] = lists
    return this.#carriedOut({
      pods: pods.items.filter(isThere),
      namespaces: namespaces.items,
      nodes: nodes.items,
      networkPolicies: networkPolicies.items,
      ...byKind((await this.#clusterPolicies?.all()) ?? []),
    })
  }

  /** Addresses of the pods' Services, and ways to them from outside. */
  async services(): Promise<Pick<Surroundings, 'services' | 'doors'>> {
    const lists = await Promise.all(spaces.map(namespace => this.#client.list(resources.services, { namespace })))
    const all = new Map(lists.flatMap(({ items }) => items).map(one => [keyOf(one), one]))
    return {
      services: new Map([...all].map(([key, { spec }]) => [key, spec?.clusterIPs ?? []])),
      doors: new Map(
        pool.flatMap(one => {
          const door = doorOf(one, all)
          return door === undefined ? [] : [[one.key, door] as const]
        }),
      ),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers.values()) peer[Symbol.dispose]()
    await this.#removeAll()
  }

  async #startMachines(): Promise<void> {
    const machines = [...this.lab.nodes, outsider]
    const all = machines.map(async machine => {
      const own =
        machine === outsider ? this.lab.plan.networks.map(({ client }) => client) : this.lab.plan.nodeAddresses(machine)
      this.peers.set(machine, await this.#peer(machine, machine, [], own))
      this.#addresses.set(machine, own)
    })
    await Promise.all(all)
  }

  #peer(name: string, machine: string, enter: readonly string[], addresses: readonly string[] = []): Promise<Peer> {
    const { TCP: tcp, UDP: udp } = listening
    return Peer.start(this.lab, { name, machine, enter, tcp, udp, addresses })
  }

  async #labelNamespace(name: string, old: Situation, next: Situation): Promise<void> {
    const [before, labels] = [old.namespaces.get(name), next.namespaces.get(name) ?? {}]
    if (before === labels) return
    if (before === undefined) await this.#client.create(resources.namespaces, { metadata: { name, labels } })
    else await this.#client.mergePatch(resources.namespaces, { name }, labelsPatch(before, labels))
    if (before === undefined) await this.#makeServices(name)
  }

  async #labelNode(name: string, old: Situation, next: Situation): Promise<void> {
    const [before, labels] = [old.nodes.get(name) ?? {}, next.nodes.get(name) ?? {}]
    if (before !== labels) await this.#client.mergePatch(resources.nodes, { name }, labelsPatch(before, labels))
  }

  async #makeServices(space: string): Promise<void> {
    const mine = pool.filter(({ key }) => nameOf(key).namespace === space)
    await Promise.all(mine.flatMap(serviceObjects).map(one => this.#client.create(resources.services, one)))
  }

  async #syncPods(old: Situation, next: Situation): Promise<void> {
    const gone = [...old.pods.keys()].filter(key => !next.pods.has(key))
    await Promise.all(gone.map(key => this.#removePod(key)))
    const come = pool.filter(({ key }) => next.pods.has(key) && !old.pods.has(key))
    await Promise.all(
      come.map(one => this.#client.create(resources.pods, podObject(one, next.pods.get(one.key) ?? {}))),
    )
    await this.#startPeers(come.map(({ key }) => key))
    for (const [key, labels] of next.pods) {
      const before = old.pods.get(key)
      if (before === undefined || before === labels) continue
      const patch = labelsPatch(podLabels(key, before), podLabels(key, labels))
      await this.#client.mergePatch(resources.pods, nameOf(key), patch)
    }
  }

  async #removePod(key: string): Promise<void> {
    this.peers.get(key)?.[Symbol.dispose]()
    this.peers.delete(key)
    await this.#client.delete(resources.pods, nameOf(key), { gracePeriodSeconds: 0 })
    await waitFor(() => this.#isGone(key), { what: `the end of pod ${key}`, within: 60_000, every: 50 })
  }

  async #isGone(key: string): Promise<boolean> {
    try {
      await this.#client.get(resources.pods, nameOf(key))
      return false
    } catch (error) {
      return isApiError(error, 'notFound')
    }
  }

  /** When the pods have their addresses. */
  async #startPeers(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return
    const running = await waitFor(() => this.#running(keys), { what: `pods ${keys}`, within: 120_000, every: 100 })
    const nodes = [...new Set(running.map(({ spec }) => spec?.nodeName ?? ''))]
    const places = new Map(
      await Promise.all(nodes.map(async node => [node, await netnsByAddress(this.lab, node)] as const)),
    )
    const started = running.map(async pod => {
      const key = keyOf(pod)
      const [node, addresses] = [pod.spec?.nodeName ?? '', addressesOf(pod)]
      const netns = places.get(node)?.get(addresses[0] ?? '')
      if (netns === undefined) throw new Error(`${node} has no network namespace with ${addresses[0]}, of pod ${key}`)
      this.#addresses.set(key, addresses)
      await this.#leadOutsider(addresses, node)
      this.peers.set(key, await this.#peer(key, node, ['nsenter', `--net=${netns}`, '--']))
    })
    await Promise.all(started)
  }

  /** Somebody outside finds a pod through its node, as with routes of the network's administrator. */
  async #leadOutsider(addresses: readonly string[], node: string): Promise<void> {
    const nodes = this.lab.plan.nodeAddresses(node)
    const lines = addresses.flatMap(address => {
      const isSix = address.includes(':')
      const via = nodes.find(one => one.includes(':') === isSix)
      return via === undefined ? [] : `route replace ${address}/${isSix ? 128 : 32} via ${via}\n`
    })
    await this.lab.exec(outsider, ['ip', '-batch', '-'], { stdin: lines.join('') })
  }

  async #running(keys: readonly string[]): Promise<Pod[] | undefined> {
    const { items } = await this.#client.list(resources.pods)
    const found = items.filter(pod => keys.includes(keyOf(pod)) && isThere(pod))
    return found.length === keys.length ? found : undefined
  }

  async #syncPolicies(next: Situation): Promise<void> {
    const wanted = new Map([...next.policies.values()].map(policy => [policyKey(policy), policy]))
    for (const [key, policy] of this.#written) {
      if (wanted.get(key) === policy) continue
      if (!wanted.has(key)) await this.#client.delete(policyResource, nameOf(key))
      this.#written.delete(key)
    }
    const existing = new Set((await this.#client.list(policyResource)).items.map(policyKey))
    for (const [key, policy] of wanted) {
      if (this.#written.has(key)) continue
      const object = { ...resolved(policy, this.addressOf), metadata: nameOf(key) }
      if (existing.has(key)) await this.#client.replace(policyResource, object)
      else await this.#client.create(policyResource, object)
      this.#written.set(key, policy)
    }
  }

  /** Address of a pod, a node or the outsider; of a pod that has gone, the one that it had. */
  readonly addressOf = (place: string, family: 4 | 6): string | undefined =>
    this.#addresses.get(place)?.find(address => address.includes(':') === (family === 6))

  async #removeAll(): Promise<void> {
    const remove = async (name: string) => {
      try {
        await this.#client.delete(resources.namespaces, { name })
      } catch (error) {
        if (!isApiError(error, 'notFound')) throw error
      }
    }
    await Promise.all([...spaces.map(remove), this.#clusterPolicies?.removeAll()])
  }

  /** Nothing of an earlier run is in the way. */
  async #allGone(): Promise<void> {
    const gone = async () => {
      const { items } = await this.#client.list(resources.namespaces)
      return !items.some(({ metadata }) => spaces.some(name => name === metadata?.name))
    }
    await waitFor(gone, { what: 'the end of the namespaces', within: 120_000, every: 200 })
  }
}

const keyOf = ({ metadata }: KubeObject) => `${metadata?.namespace}/${metadata?.name}`
const addressesOf = ({ status }: Pod) => (status?.podIPs ?? []).flatMap(({ ip }) => ip ?? [])
const isThere = (pod: Pod) =>
  pod.status?.phase === 'Running' && pod.metadata?.deletionTimestamp === undefined && addressesOf(pod).length > 0
