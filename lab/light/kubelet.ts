import { isApiError, type KubeClient, mirror, type Pod, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store } from '@ovnkit/reconcile'
import {
  isComplete,
  type RunningPod,
  recoverPods,
  startOnHost,
  startSandbox,
  stopPod,
  type Workload,
} from './sandbox.ts'

export interface LightKubeletOptions {
  readonly client: KubeClient
  readonly node: string
  readonly nodeAddresses: readonly string[]
  /** The program that containers of agnhost's image are. */
  readonly agnhost: string
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** What is kept of a pod. */
interface PodFacts {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly hostNetwork: boolean
  readonly finished: boolean
  /** Whether the API server knows that it runs. */
  readonly reported: boolean
  readonly deleting: number | undefined
  readonly containers: readonly { readonly name: string; readonly image: string; readonly args: readonly string[] }[]
}

const firstRetry = 500
const longestRetry = 8000

/**
 * kubelet's part for pods without containers: a network namespace and the plugin's ADD for every pod bound to the node, its status,
 * and DEL when it goes. A container of agnhost's image runs as a process in that namespace, others are only shown as running.
 */
export class LightKubelet {
  readonly #options: LightKubeletOptions
  readonly #store = new Store<PodFacts>({ name: 'pods' })
  readonly #workers = new Map<string, Promise<void>>()
  readonly #running = new Map<string, RunningPod>()

  constructor(options: LightKubeletOptions) {
    this.#options = options
  }

  /** Serves until the signal. */
  async run(): Promise<void> {
    const { client, node, logger, signal } = this.#options
    await this.#recover()
    this.#store.subscribe((_key, pod, old) => {
      if (old !== undefined && old.uid !== pod?.uid) this.#work(old.uid, () => this.#remove(old.uid, 0))
      if (pod !== undefined) this.#work(pod.uid, () => this.#sync(pod))
    })
    const pods = mirror({
      client,
      resource: resources.pods,
      store: this.#store,
      fieldSelector: `spec.nodeName=${node}`,
      trim: factsOf,
      logger,
      signal,
    })
    this.#store.onSynced(() => this.#removeLeftOver())
    await pods.ended
  }

  /** Takes over what runs already; what was left in the middle of its start is ended and starts anew. */
  async #recover(): Promise<void> {
    for (const pod of recoverPods()) {
      if (isComplete(pod)) this.#running.set(pod.uid, pod)
      else void this.#discard(pod)
    }
  }

  /** Pods that went while nobody was here to see it. */
  #removeLeftOver(): void {
    const present = new Set([...this.#store.entries()].map(([, { uid }]) => uid))
    for (const uid of this.#running.keys()) if (!present.has(uid)) this.#work(uid, () => this.#remove(uid, 0))
  }

  /** One thing at a time for each pod, in order. */
  #work(uid: string, step: () => Promise<void>): void {
    const before = this.#workers.get(uid) ?? Promise.resolve()
    const now = before.then(step).catch(error => this.#options.logger.error({ err: error, uid }, 'pod'))
    this.#workers.set(uid, now)
    void now.then(() => {
      if (this.#workers.get(uid) === now) this.#workers.delete(uid)
    })
  }

  #isCurrent(pod: PodFacts): boolean {
    const now = this.#store.get(`${pod.namespace}/${pod.name}`)
    return now?.uid === pod.uid && now.deleting === undefined
  }

  async #sync(pod: PodFacts): Promise<void> {
    if (pod.finished) return
    if (pod.deleting !== undefined) return this.#finish(pod, pod.deleting)
    const running = this.#running.get(pod.uid)
    if (running === undefined) await this.#startPod(pod)
    else if (!pod.reported) await this.#report(pod, running)
  }

  /** Tries until it works or the pod goes, as kubelet does. */
  async #startPod(pod: PodFacts): Promise<void> {
    const { logger, signal } = this.#options
    for (let wait = firstRetry; this.#isCurrent(pod) && !signal.aborted; wait = Math.min(wait * 2, longestRetry)) {
      try {
        const running = await this.#launch(pod)
        this.#running.set(pod.uid, running)
        return await this.#report(pod, running)
      } catch (error) {
        logger.warn({ pod: `${pod.namespace}/${pod.name}`, err: error }, 'sandbox failed')
        await new Promise(resolve => setTimeout(resolve, wait))
      }
    }
  }

  async #launch(pod: PodFacts): Promise<RunningPod> {
    const workload = this.#workloadOf(pod)
    return pod.hostNetwork
      ? startOnHost(pod, this.#options.nodeAddresses, workload)
      : startSandbox(pod, workload, half => this.#discard(half))
  }

  #workloadOf(pod: PodFacts): Workload | undefined {
    const [container] = pod.containers
    if (container === undefined || !container.image.includes('/agnhost:')) return undefined
    return {
      program: this.#options.agnhost,
      args: container.args,
      hostname: pod.hostNetwork ? this.#options.node : pod.name,
    }
  }

  async #report(pod: PodFacts, { containerId, addresses }: RunningPod): Promise<void> {
    const { client, nodeAddresses } = this.#options
    const [nodeAddress] = nodeAddresses
    const now = new Date().toISOString()
    const status = {
      phase: 'Running',
      startTime: now,
      hostIP: nodeAddress,
      hostIPs: [{ ip: nodeAddress }],
      podIP: addresses[0],
      podIPs: addresses.map(ip => ({ ip })),
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(type => ({
        type,
        status: 'True',
        lastTransitionTime: now,
      })),
      containerStatuses: pod.containers.map(({ name, image }) => ({
        name,
        image,
        imageID: image,
        ready: true,
        started: true,
        restartCount: 0,
        containerID: `light://${containerId}`,
        state: { running: { startedAt: now } },
      })),
    }
    try {
      await client.patchStatus(resources.pods, pod, status, { uid: pod.uid })
    } catch (error) {
      if (!isApiError(error, 'notFound') && !isApiError(error, 'conflict')) throw error
    }
  }

  /** The pod is told to go: everything of it ends, then its object. */
  async #finish(pod: PodFacts, graceSeconds: number): Promise<void> {
    await this.#remove(pod.uid, graceSeconds)
    try {
      await this.#options.client.delete(resources.pods, pod, { uid: pod.uid, gracePeriodSeconds: 0 })
    } catch (error) {
      if (!isApiError(error, 'notFound') && !isApiError(error, 'conflict')) throw error
    }
  }

  async #remove(uid: string, graceSeconds: number): Promise<void> {
    const running = this.#running.get(uid)
    if (running === undefined) return
    await this.#stop(running, graceSeconds)
    this.#running.delete(uid)
  }

  /** A sandbox whose ADD failed. The first DEL is waited for; where that fails, too, the pod's next sandbox need not wait. */
  async #discard(half: RunningPod): Promise<void> {
    try {
      await stopPod(half, 0)
    } catch {
      void this.#stop(half, 0)
    }
  }

  /** DEL until it works: a runtime forgets no sandbox. */
  async #stop(pod: RunningPod, graceSeconds: number): Promise<void> {
    for (let wait = firstRetry; ; wait = Math.min(wait * 2, longestRetry)) {
      try {
        return await stopPod(pod, graceSeconds)
      } catch (error) {
        this.#options.logger.warn({ pod: `${pod.namespace}/${pod.name}`, err: error }, 'DEL failed')
        await new Promise(resolve => setTimeout(resolve, wait))
      }
    }
  }
}

function factsOf({ metadata, spec, status }: Pod): PodFacts | undefined {
  const { name, namespace, uid } = metadata ?? {}
  if (name === undefined || namespace === undefined || uid === undefined) return undefined
  return {
    name,
    namespace,
    uid,
    hostNetwork: spec?.hostNetwork === true,
    finished: status?.phase === 'Succeeded' || status?.phase === 'Failed',
    reported: status?.phase === 'Running',
    deleting: metadata?.deletionTimestamp === undefined ? undefined : (metadata.deletionGracePeriodSeconds ?? 0),
    containers: (spec?.containers ?? []).map(({ name: container, image = '', args = [] }) => ({
      name: container,
      image,
      args,
    })),
  }
}
