import {
  type GroupNeed,
  groupId,
  numberOf,
  type PodGroup,
  type PodTraits,
  type PortName,
  withPort,
} from '@ovnkit/cni-policy'
import type { Labels } from '@ovnkit/kube'
import { Store } from '@ovnkit/reconcile'
import { same } from '../facts/same.ts'
import { GroupBook, type UsedGroup } from './group-book.ts'

/** Key of what a port's name means in a group. */
export const numbersKey = (group: PodGroup, { protocol, name }: PortName): string =>
  `${groupId(group)} ${protocol} ${name}`

/** What one pod is in. */
interface Membership {
  readonly subjects: readonly string[]
  readonly peers: readonly string[]
  /** Numbers of names in groups, and the group of the pods that have them where it is a peer. */
  readonly numbers: readonly Numbered[]
}

interface Numbered {
  readonly key: string
  readonly number: number
  readonly peer: PodGroup | undefined
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
    equals: same,
  })
  /** Groups whose address sets a pod's addresses are in, sorted; by pod. */
  readonly peers: Store<readonly string[]> = new Store<readonly string[]>({
    name: 'pods in address sets',
    equals: same,
  })
  /** Groups that need address sets, by id. */
  readonly sets: Store<PodGroup> = new Store<PodGroup>({ name: 'peer groups', equals: same })
  /** What a port's name means, ascending; by `numbersKey`. */
  readonly numbers: Store<readonly number[]> = new Store<readonly number[]>({
    name: 'numbers of port names',
    equals: same,
  })
  readonly #book = new GroupBook()
  readonly #pods = new Map<string, PodTraits>()
  readonly #podsIn = new Map<string, Set<string>>()
  readonly #known = new Map<string, Membership>()
  /** How many pods have a number. */
  readonly #counts = new Map<string, Map<number, number>>()
  /** How many want the address sets of a group. */
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
    for (const { group, as } of needs) if (as === 'peer') this.#want(group, 1)
    this.#lookAt(this.#book.acquire(needs))
  }

  release(needs: readonly GroupNeed[]): void {
    this.#lookAt(this.#book.release(needs))
    for (const { group, as } of needs) if (as === 'peer') this.#want(group, -1)
  }

  #lookAt(groups: readonly UsedGroup[]): void {
    const namespaces = new Set(groups.flatMap(({ group }) => [...this.#book.namespacesOf(group)]))
    for (const name of namespaces) for (const key of this.#podsIn.get(name) ?? []) this.#look(key)
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
        numbers.push({ key: numbersKey(group, port), number, peer: as === 'peer' ? numbered : undefined })
      }
    }
    if (subjects.length + peers.length + numbers.length === 0) return nowhere
    return { subjects: subjects.sort(), peers: peers.sort(), numbers }
  }

  #count({ key, number, peer }: Numbered, change: 1 | -1): void {
    if (peer !== undefined) this.#want(peer, change)
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

  #want(group: PodGroup, change: 1 | -1): void {
    const id = groupId(group)
    const count = (this.#wanted.get(id) ?? 0) + change
    if (count > 0) {
      this.#wanted.set(id, count)
      if (count === change) this.sets.set(id, group)
    } else {
      this.#wanted.delete(id)
      this.sets.delete(id)
    }
  }
}

function put<T>(store: Store<readonly T[]>, key: string, values: readonly T[]): void {
  if (values.length > 0) store.set(key, values)
  else store.delete(key)
}
