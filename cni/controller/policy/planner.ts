import { type GroupNeed, groupId, needsOf, type PodGroup, type Policy } from '@ovnkit/cni-policy'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NamespaceFacts } from '../facts/namespace.ts'
import type { PodFacts } from '../facts/pod.ts'
import { Memberships } from './memberships.ts'

export interface PlannerOptions {
  readonly pods: ReadableStore<PodFacts>
  readonly namespaces: ReadableStore<NamespaceFacts>
  /** By `policyKey`. */
  readonly policies: ReadableStore<Policy>
  /** Resolves when everything that was told so far is in the database. */
  readonly settled: () => Promise<void>
}

/**
 * Derives from policies, pods and namespaces what renders need. What a policy refers to is there before its rules: its peers are in their sets, and the pods that
 * it is about in their groups (the order of owners sees to that), so that the rules of a group take effect all at once. The other way round, memberships that no
 * policy needs any more are kept until the rules that needed them are gone. So what old and new rules allow is allowed all the time, and what both deny never.
 */
export class PolicyPlanner implements Disposable {
  readonly memberships = new Memberships()
  /** Policies whose groups are known, by `policyKey`; index: id of the subject. */
  readonly policies: Store<Policy, 'subject'> = new Store<Policy, 'subject'>({
    name: 'policies in force',
    indexes: { subject: ({ subject }) => [groupId(subject)] },
  })
  /** Groups that policies are about, by id. */
  readonly subjects: Store<PodGroup> = new Store<PodGroup>({ name: 'subjects of policies', equals: same })
  readonly #options: PlannerOptions
  readonly #needs = new Map<string, readonly GroupNeed[]>()
  #retired: GroupNeed[] = []
  readonly #resources = new DisposableStack()

  constructor(options: PlannerOptions) {
    this.#options = options
  }

  /** From now on everything is followed; the sources hold their first full state. */
  start(): void {
    const { pods, namespaces, policies } = this.#options
    for (const key of namespaces.keys()) this.memberships.setNamespace(key, namespaces.get(key)?.labels)
    for (const key of policies.keys()) this.#policy(key, policies.get(key))
    for (const key of pods.keys()) this.#pod(key, pods.get(key))
    this.#resources.use(
      namespaces.subscribe((key, now, old) => {
        if (now === undefined || !same(now.labels, old?.labels)) this.memberships.setNamespace(key, now?.labels)
      }),
    )
    this.#resources.use(policies.subscribe((key, policy) => this.#policy(key, policy)))
    this.#resources.use(
      pods.subscribe((key, now, old) => {
        if (now === undefined || old === undefined || !sameTraits(now, old)) this.#pod(key, now)
      }),
    )
    const { peers, subjects, sets, groups, numbers } = this.memberships
    for (const store of [peers, subjects, sets, groups, numbers, this.policies, this.subjects]) store.markSynced()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  /** A pod whose containers have ended has no address any more. */
  #pod(key: string, pod: PodFacts | undefined): void {
    this.memberships.setPod(key, pod === undefined || pod.ended ? undefined : pod)
  }

  #policy(key: string, policy: Policy | undefined): void {
    const before = this.#needs.get(key) ?? []
    const needs = policy === undefined ? [] : needsOf(policy)
    this.memberships.acquire(needs)
    const old = this.policies.get(key)
    if (policy === undefined) {
      this.#needs.delete(key)
      this.policies.delete(key)
    } else {
      this.#needs.set(key, needs)
      this.policies.set(key, policy)
      this.subjects.set(groupId(policy.subject), policy.subject)
    }
    if (old !== undefined) this.#leave(groupId(old.subject))
    this.#retire(before)
  }

  #leave(subject: string): void {
    const [another] = this.policies.by('subject', subject)
    if (another === undefined) this.subjects.delete(subject)
  }

  #retire(needs: readonly GroupNeed[]): void {
    if (needs.length === 0) return
    this.#retired.push(...needs)
    if (this.#retired.length === needs.length) void this.#releaseRetired()
  }

  async #releaseRetired(): Promise<void> {
    while (this.#retired.length > 0 && !this.#resources.disposed) {
      const round = this.#retired.length
      await this.#options.settled()
      if (!this.#resources.disposed) this.memberships.release(this.#retired.slice(0, round))
      this.#retired = this.#retired.slice(round)
    }
  }
}

const sameTraits = (a: PodFacts, b: PodFacts): boolean =>
  a.ended === b.ended && a.namespace === b.namespace && same(a.labels, b.labels) && same(a.ports, b.ports)
