import { randomBytes } from 'node:crypto'
import { annotationNames } from '@ovnkit/cni-api'
import { type KubeClient, mirror, resources } from '@ovnkit/kube'
import { Store } from '@ovnkit/reconcile'
import { waitUntil } from '@ovnkit/testing'

/** A pod that is bound to the node, and what the runtime made for it. */
export interface BenchPod {
  readonly name: string
  readonly uid: string
  readonly containerId: string
}

export const namespace = 'bench'

/** Pods through the API: created bound to the node, so that nothing but the product cares for them. */
export class Pods implements Disposable {
  readonly #client: KubeClient
  readonly #node: string
  readonly #networks = new Store<string>({ name: 'networks' })
  readonly #stop = new AbortController()
  readonly #prefix = randomBytes(2).toString('hex')
  #count = 0

  private constructor(client: KubeClient, node: string) {
    this.#client = client
    this.#node = node
  }

  static async open(client: KubeClient, node: string): Promise<Pods> {
    const pods = new Pods(client, node)
    await client.apply(resources.namespaces, { metadata: { name: namespace } }, { fieldManager: 'bench', force: true })
    const following = mirror({
      client,
      resource: resources.pods,
      namespace,
      store: pods.#networks,
      trim: ({ metadata }) => metadata?.annotations?.[annotationNames.pod.podNetworks] ?? '',
      signal: pods.#stop.signal,
    })
    await following.ready()
    return pods
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
  }

  async create(): Promise<BenchPod> {
    const name = `pod-${this.#prefix}-${this.#count++}`
    const { metadata } = await this.#client.create(resources.pods, {
      metadata: { namespace, name },
      spec: {
        nodeName: this.#node,
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        containers: [{ name: 'c', image: 'x' }],
      },
    })
    return { name, uid: metadata?.uid ?? '', containerId: randomBytes(32).toString('hex') }
  }

  createMany(count: number): Promise<BenchPod[]> {
    return Promise.all(Array.from({ length: count }, () => this.create()))
  }

  async annotated(pods: readonly BenchPod[]): Promise<void> {
    const has = ({ name }: BenchPod) => this.#networks.get(`${namespace}/${name}`)
    await waitUntil('the networks of all pods', () => pods.every(has))
  }

  /** Deletes the objects and waits until they are gone. */
  async remove(pods: readonly BenchPod[]): Promise<void> {
    const remove = ({ name }: BenchPod) =>
      this.#client.delete(resources.pods, { namespace, name }, { gracePeriodSeconds: 0 })
    await Promise.all(pods.map(remove))
    await waitUntil('the end of all pods', () => !pods.some(({ name }) => this.#networks.has(`${namespace}/${name}`)))
  }
}
