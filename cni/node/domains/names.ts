import { type Config, ovnNames, type ResolvedNames, resolvedNames } from '@ovnkit/cni-api'
import {
  type EventRecorder,
  type KubeClient,
  KubeTarget,
  type Labels,
  type Mirror,
  mirror,
  type Namespace,
  observed,
  resources,
} from '@ovnkit/kube'
import type { Netlink } from '@ovnkit/linux'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { PodFacts } from '../facts/pod.ts'
import type { LocalDatabase } from '../facts/switch.ts'
import { namesTarget } from '../host/objects.ts'
import { createNamesStore, type NamesFacts, type NamesStore, namesFacts } from './facts.ts'
import { Listeners } from './listeners.ts'
import { Memory, mostAddresses } from './memory.ts'
import type { NamesWorld } from './render.ts'
import { Tap } from './tap.ts'

export interface NamesOptions {
  readonly config: Config
  readonly node: string
  readonly client: KubeClient
  readonly pods: Store<PodFacts>
  readonly nodes: Store<NodeFacts>
  readonly database: LocalDatabase
  readonly netlink: Netlink
  readonly recorder: EventRecorder
  readonly signal: AbortSignal
  readonly logger: Logger
}

/**
 * Addresses of the domain names that policies have as peers, as the pods of this node hear them from DNS. What is to be learned is in an object of the API that has the node's name, and what
 * was learned is written there, too. Without such an object nothing is followed and nobody is listened to.
 */
export class Names implements Disposable {
  readonly world: NamesWorld
  readonly target: KubeTarget
  readonly #options: NamesOptions
  readonly #memory: Memory
  readonly #names: NamesStore = createNamesStore()
  readonly #namespaces = new Store<Labels>({
    name: 'labels of namespaces',
    equals: same,
  })
  readonly #resources = new DisposableStack()
  #following = false

  constructor(options: NamesOptions) {
    this.#options = options
    this.#memory = this.#resources.use(
      new Memory({
        grace: options.config.networkPolicy.domainNameGrace,
        now: Date.now,
        full: name => this.#tellFull(name),
      }),
    )
    const names = this.#names
    this.#resources.use(names.subscribe((_, now, old) => this.#changed(now, old)))
    const watched = this.#watch()
    this.target = new KubeTarget({
      name: namesTarget,
      client: options.client,
      resources: [
        observed({
          resource: resolvedNames,
          store: names,
          observe: ({ uid, status }) => ({ uid, status: status && { ...status } }),
          version: key => watched.version(key),
        }),
      ],
      fieldManager: 'zstack-ovnkube-node',
    })
    this.world = { names, learned: this.#memory.store }
    // What is remembered is read when the object is there: before that nothing is written.
    this.#memory.store.markSynced()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #watch(): Mirror {
    const { client, node, signal, logger } = this.#options
    return mirror<ResolvedNames, NamesFacts>({
      ...{ client, signal, logger },
      resource: resolvedNames,
      fieldSelector: `metadata.name=${node}`,
      // An API without the definition (an older installation) keeps pods from nothing.
      optional: true,
      store: this.#names,
      trim: namesFacts,
    })
  }

  #changed(now: NamesFacts | undefined, old: NamesFacts | undefined): void {
    if (now === undefined) this.#memory.retain(new Set())
    else if (old?.uid === now.uid) this.#memory.retain(now.names)
    else {
      this.#memory.restore(now.learned)
      this.#memory.retain(now.names)
      this.#follow()
    }
  }

  /** From the first policy with domain names on. */
  #follow(): void {
    if (this.#following) return
    this.#following = true
    const { config, client, signal, logger, netlink } = this.#options
    mirror<Namespace, Labels>({
      ...{ client, signal, logger },
      resource: resources.namespaces,
      store: this.#namespaces,
      trim: ({ metadata }) => metadata?.labels ?? {},
    })
    this.#resources.use(
      new Listeners({
        ...this.#options,
        namespaces: this.#namespaces,
        names: this.#names,
        ovnNames: ovnNames(config.ovn.clusterName),
        memory: this.#memory,
        open: async (name, hearing) => {
          const link = await netlink.linkByName(name)
          return link && new Tap({ link: link.index, ...hearing })
        },
        deaf: pod => this.#tellDeaf(pod),
      }),
    )
  }

  #tellFull(name: string): void {
    const { nodes, node, recorder } = this.#options
    const uid = nodes.get(node)?.uid
    recorder.event(
      { resource: resources.nodes, name: node, ...(uid !== undefined && { uid }) },
      {
        type: 'Warning',
        reason: 'DomainNameFull',
        message: `${name} has more addresses than are kept (${mostAddresses.ofName} of a name, ${mostAddresses.ofNode} on a node): policies that name it do not let pods to the others`,
      },
    )
  }

  #tellDeaf(pod: string): void {
    const { pods, recorder } = this.#options
    const [namespace = '', name = ''] = pod.split('/')
    const uid = pods.get(pod)?.uid
    recorder.event(
      { resource: resources.pods, namespace, name, ...(uid !== undefined && { uid }) },
      {
        type: 'Warning',
        reason: 'DomainNamesNotHeard',
        message:
          'its DNS answers cannot be seen, as it has no interface of the kernel (vhost-user): policies with domain names let it only to addresses that other pods have looked up',
      },
    )
  }
}
