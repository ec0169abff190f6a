import {
  type GroupNeed,
  groupId,
  numberOf,
  type PodGroup,
  type PodTraits,
  type PortName,
  selects,
  withPort,
} from '@ovnkit/cni-policy'
import type { Labels } from '@ovnkit/kube'
import { Store, same, sameList } from '@ovnkit/reconcile'
import { GroupBook, type UsedGroup } from './group-book.ts'

/** Key of what a port's name means in a group. */
export const numbersKey = (group: PodGroup, { protocol, name }: PortName): string =>
  `${groupId(group)} ${protocol} ${name}`

/** What one pod is in. */
interface Membership {
  readonly subjects: readonly string[]
  readonly peers: readonly string[]
  /** Numbers of names in groups. */
  readonly numbers: readonly Numbered[]
}

interface Numbered {
  readonly key: string
  readonly number: number
  readonly as: 'subject' | 'peer'
  /** The pods that have the number. */
  readonly group: PodGroup
}

const nowhere: Membership = { subjects: [], peers: [], numbers: [] }

/**
 * Which pods are in which groups. A change costs what it touches: a pod the groups of its namespace and labels, a group the pods of its namespaces. What is
 * derived lies in stores, by pod and by group; an entry that would be empty is not there.
 */
export class Memberships {
  /** Groups whose port groups a pod's port is in, sorted; by pod. */
  readonly subjects: Store<readonly string[]> = new Store<readonly string[]>({
    name: 'pods in port groups',
    equals: sameList,
  })
  /** Groups whose address sets a pod's addresses are in, sorted; by pod. */
  readonly peers: Store<readonly string[]> = new Store<readonly string[]>({
    name: 'pods in address sets',
    equals: sameList,
  })
  /** Groups that need address sets, by id. */
  readonly sets: Store<PodGroup> = new Store<PodGroup>({ name: 'peer groups', equals: same })
  /** Groups that need port groups, by id. */
  readonly groups: Store<PodGroup> = new Store<PodGroup>({ name: 'groups of subjects', equals: same })
  /** What a port's name means, ascending; by `numbersKey`. */
  readonly numbers: Store<readonly number[]> = new Store<readonly number[]>({
    name: 'numbers of port names',
    equals: sameList,
  })
  readonly #book = new GroupBook()
  readonly #pods = new Map<string, PodTraits>()
  readonly #podsIn = new Map<string, Set<string>>()
  readonly #known = new Map<string, Membership>()
  /** How many pods have a number. */
  readonly #counts = new Map<string, Map<number, number>>()
  /** How many want the port group, or the address sets, of a group. */
  readonly #wanted = new Map<string, number>()

  setPod(key: string, pod: PodTraits | undefined): void {
    const old = this.#pods.get(key)
    if (old !== undefined && old.namespace !== pod?.namespace) this.#podsIn.get(old.namespace)?.delete(key)
    if (pod === undefined) this.#pods.delete(key)
    else {
      this.#pods.set(key, pod)
      const mates = this.#podsIn.get(pod.namespace)
      if (mates === undefined) this.#podsIn.set(pod.namespace, new Set([key]))
      else mates.add(key)
    }
    this.#look(key)
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#book.deleteNamespace(name)
    else this.#book.setNamespace(name, labels)
    for (const key of this.#podsIn.get(name) ?? []) this.#look(key)
  }

  acquire(needs: readonly GroupNeed[]): void {
    for (const { group, as } of needs) if (as !== 'named') this.#want(as, group, 1)
    this.#lookAt(this.#book.acquire(needs))
  }

  release(needs: readonly GroupNeed[]): void {
    this.#lookAt(this.#book.release(needs))
    for (const { group, as } of needs) if (as !== 'named') this.#want(as, group, -1)
  }

  /** Pods that are in none of the groups are in others as before. */
  #lookAt(groups: readonly UsedGroup[]): void {
    const keys = new Set<string>()
    for (const { group } of groups)
      for (const name of this.#book.namespacesOf(group))
        for (const key of this.#podsIn.get(name) ?? [])
          if (selects(group.pods, this.#pods.get(key)?.labels ?? {})) keys.add(key)
    for (const key of keys) this.#look(key)
  }

  #look(key: string): void {
    const before = this.#known.get(key) ?? nowhere
    const pod = this.#pods.get(key)
    const now = pod === undefined ? nowhere : this.#membershipOf(pod)
    if (now === nowhere) this.#known.delete(key)
    else this.#known.set(key, now)
    for (const one of now.numbers) this.#count(one, 1)
    for (const one of before.numbers) this.#count(one, -1)
    put(this.peers, key, now.peers)
    put(this.subjects, key, now.subjects)
  }

  #membershipOf(pod: PodTraits): Membership {
    const subjects: string[] = []
    const peers: string[] = []
    const numbers: Numbered[] = []
    for (const { id, group, uses } of this.#book.groupsOf(pod)) {
      for (const { as, port } of uses) {
        const into = as === 'subject' ? subjects : peers
        if (port === undefined) {
          into.push(id)
          continue
        }
        const number = numberOf(pod, port.protocol, port.name)
        if (number === undefined) continue
        const numbered = withPort(group, { ...port, number })
        into.push(groupId(numbered))
        numbers.push({ key: numbersKey(group, port), number, as, group: numbered })
      }
    }
    if (subjects.length + peers.length + numbers.length === 0) return nowhere
    return { subjects: subjects.sort(), peers: peers.sort(), numbers }
  }

  #count({ key, number, as, group }: Numbered, change: 1 | -1): void {
    this.#want(as, group, change)
    const counts = this.#counts.get(key) ?? new Map<number, number>()
    this.#counts.set(key, counts)
    const count = (counts.get(number) ?? 0) + change
    if (count > 0) counts.set(number, count)
    else counts.delete(number)
    if (counts.size === 0) this.#counts.delete(key)
    put(
      this.numbers,
      key,
      [...counts.keys()].sort((a, b) => a - b),
    )
  }

  #want(as: 'subject' | 'peer', group: PodGroup, change: 1 | -1): void {
    const id = groupId(group)
    const store = as === 'subject' ? this.groups : this.sets
    const key = `${as} ${id}`
    const count = (this.#wanted.get(key) ?? 0) + change
    if (count > 0) {
      this.#wanted.set(key, count)
      if (count === change) store.set(id, group)
    } else {
      this.#wanted.delete(key)
      store.delete(id)
    }
  }
}

function put<T>(store: Store<readonly T[]>, key: string, values: readonly T[]): void {
  if (values.length > 0) store.set(key, values)
  else store.delete(key)
}
