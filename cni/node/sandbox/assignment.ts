import { type PodNetwork, parsePodNetworks } from '@ovnkit/cni-api'
import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import type { Store } from '@ovnkit/reconcile'
import { isPod, type PodFacts } from '../facts/pod.ts'
import { CniError, tryAgain } from '../server/cni-error.ts'

export interface PodRef {
  readonly namespace: string
  readonly name: string
  /** As the kubelet calls it. */
  readonly uid: string
}

/** The pod's own UID, and the network that the controller gave it. */
export interface Assigned {
  readonly uid: string
  /** Name of the Subnet. */
  readonly subnet: string | undefined
  /** Why the pod must not start, for its user to mend. */
  readonly problem?: string | undefined
  /** How the pod wants to be attached. */
  readonly interfaceType?: string | undefined
  readonly network: PodNetwork
}

/** Waits for pods' networks by the events of the pod store. */
export class Assignments {
  readonly #pods: Store<PodFacts>
  readonly #problem: () => string | undefined
  readonly #unfit: (uid: string, network: PodNetwork) => boolean

  /**
   * @param problem why the API cannot be heard now, if it cannot
   * @param unfit whether a network cannot be that pod's: it waits for another one
   */
  constructor(
    pods: Store<PodFacts>,
    problem: () => string | undefined,
    unfit: (uid: string, network: PodNetwork) => boolean,
  ) {
    this.#pods = pods
    this.#problem = problem
    this.#unfit = unfit
  }

  /** What is known now. */
  get(pod: PodRef): Assigned | undefined {
    const facts = this.#pods.get(`${pod.namespace}/${pod.name}`)
    if (facts?.network === undefined || !isPod(facts, pod.uid)) return undefined
    try {
      const { uid, subnet, problem, interfaceType } = facts
      const network = parsePodNetworks(facts.network)
      return this.#unfit(uid, network) ? undefined : { uid, subnet, problem, interfaceType, network }
    } catch (error) {
      const text = `annotation k8s.ovn.org/pod-networks of pod ${pod.namespace}/${pod.name} cannot be read`
      throw new CniError(cniErrors.internal, text, error instanceof Error ? error.message : String(error))
    }
  }

  /**
   * The network of this incarnation of the pod, as soon as it is known.
   * Rejects with CniError 11: at once while the API is away, when the pod goes, when the signal aborts.
   */
  async wait(pod: PodRef, signal: AbortSignal): Promise<Assigned> {
    const known = this.get(pod)
    if (known !== undefined) return known
    const problem = this.#problem()
    if (problem !== undefined)
      throw tryAgain('the network of the pod is not known, and the API cannot be asked', problem)
    return this.#event(pod, signal)
  }

  async #event(pod: PodRef, signal: AbortSignal): Promise<Assigned> {
    const key = `${pod.namespace}/${pod.name}`
    const { promise, resolve, reject } = Promise.withResolvers<Assigned>()
    const look = (facts: PodFacts | undefined, old: PodFacts | undefined) => {
      if (facts === undefined && old !== undefined && isPod(old, pod.uid)) reject(tryAgain(`pod ${key} was deleted`))
      try {
        const assigned = this.get(pod)
        if (assigned !== undefined) resolve(assigned)
      } catch (error) {
        reject(error)
      }
    }
    using _ = this.#pods.subscribe((changed, facts, old) => {
      if (changed === key) look(facts, old)
    })
    const onAbort = () => reject(this.#late(pod))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  #late({ namespace, name, uid }: PodRef): CniError {
    const facts = this.#pods.get(`${namespace}/${name}`)
    const text = `pod ${namespace}/${name} has no network yet`
    if (facts === undefined) return tryAgain(text, 'the API server does not know it on this node')
    if (!isPod(facts, uid)) return tryAgain(text, `the API server shows another pod of that name, ${facts.uid}`)
    if (facts.network !== undefined)
      return tryAgain(text, 'somebody else on the network has its address, and the controller has not given another')
    return tryAgain(text, 'the controller has not assigned one; "kubectl describe pod" shows its reasons')
  }
}
