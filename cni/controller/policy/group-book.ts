import {
  coversNamespace,
  type GroupNeed,
  groupId,
  neededLabel,
  type PodGroup,
  type PortName,
  selects,
} from '@ovnkit/cni-policy'
import type { Labels } from '@ovnkit/kube'
import { MultiMap } from '@ovnkit/reconcile'
import { LabelIndex, labelTexts } from './label-index.ts'

/** What a group is used for: its pods, or those of them in which a port's name means a number, each number for itself. */
export interface GroupUse {
  readonly as: 'subject' | 'peer'
  readonly port: PortName | undefined
}

/** A group that policies use. */
export interface UsedGroup {
  readonly id: string
  readonly group: PodGroup
  readonly uses: Iterable<GroupUse>
}

class Entry implements UsedGroup {
  readonly id: string
  readonly group: PodGroup
  readonly counts = new Map<string, { readonly use: GroupUse; count: number }>()

  constructor(id: string, group: PodGroup) {
    this.id = id
    this.group = group
  }

  get uses(): Iterable<GroupUse> {
    return this.counts.values().map(({ use }) => use)
  }
}

interface NamespaceEntry {
  readonly labels: Labels
  /** Groups that may have pods of this namespace, except those of all namespaces. */
  readonly groups: LabelIndex<Entry>
}

/** Which groups are in use, and which of them a pod may be in; by namespace and label, so that nobody looks at all of them. */
export class GroupBook {
  readonly #entries = new Map<string, Entry>()
  readonly #namespaces = new Map<string, NamespaceEntry>()
  /** Namespaces by each label that they have, `key=value`. */
  readonly #labelled = new MultiMap<string, string>()
  /** Groups by the namespace that they name; */
  readonly #named = new MultiMap<string, Entry>()
  /** by labels of namespaces; */
  readonly #selecting = new LabelIndex<Entry>()
  /** and those of all namespaces. */
  readonly #everywhere = new LabelIndex<Entry>()

  setNamespace(name: string, labels: Labels): void {
    const groups = new LabelIndex<Entry>()
    for (const entry of this.#named.get(name)) groups.add(entry.group.pods, entry)
    for (const entry of this.#selecting.candidates(labels)) {
      if (coversNamespace(entry.group, name, labels)) groups.add(entry.group.pods, entry)
    }
    this.deleteNamespace(name)
    this.#namespaces.set(name, { labels, groups })
    for (const label of labelTexts(labels)) this.#labelled.add(label, name)
  }

  deleteNamespace(name: string): void {
    for (const label of labelTexts(this.#namespaces.get(name)?.labels ?? {})) this.#labelled.delete(label, name)
    this.#namespaces.delete(name)
  }

  /** The groups that the pod is in. None where the namespace is not known yet. */
  groupsOf({ namespace, labels }: { readonly namespace: string; readonly labels: Labels }): UsedGroup[] {
    const known = this.#namespaces.get(namespace)
    if (known === undefined) return []
    const candidates = [...this.#everywhere.candidates(labels), ...known.groups.candidates(labels)]
    return candidates.filter(({ group }) => selects(group.pods, labels))
  }

  /** Namespaces whose pods may be in the group. */
  *namespacesOf({ namespaces }: PodGroup): Generator<string> {
    if ('name' in namespaces) {
      yield namespaces.name
      return
    }
    const label = neededLabel(namespaces.selector)
    const candidates = label === undefined ? this.#namespaces.keys() : this.#labelled.get(label)
    for (const name of candidates)
      if (selects(namespaces.selector, this.#namespaces.get(name)?.labels ?? {})) yield name
  }

  /** @returns the groups that are used for something that they were not used for before */
  acquire(needs: readonly GroupNeed[]): UsedGroup[] {
    return needs.flatMap(need => {
      const entry = this.#entry(need.group)
      let fresh = false
      for (const use of usesOf(need)) {
        const known = entry.counts.get(keyOf(use))
        if (known === undefined) entry.counts.set(keyOf(use), { use, count: 1 })
        else known.count++
        fresh ||= known === undefined
      }
      return fresh ? [entry] : []
    })
  }

  /** @returns the groups that are not used any more for something that they were used for */
  release(needs: readonly GroupNeed[]): UsedGroup[] {
    return needs.flatMap(need => {
      const entry = this.#entries.get(groupId(need.group))
      if (entry === undefined) return []
      let gone = false
      for (const use of usesOf(need)) {
        const known = entry.counts.get(keyOf(use))
        if (known === undefined || --known.count > 0) continue
        entry.counts.delete(keyOf(use))
        gone = true
      }
      if (entry.counts.size === 0) this.#forget(entry)
      return gone ? [entry] : []
    })
  }

  #entry(group: PodGroup): Entry {
    const id = groupId(group)
    const known = this.#entries.get(id)
    if (known !== undefined) return known
    const entry = new Entry(id, group)
    this.#entries.set(id, entry)
    for (const index of this.#indexesOf(entry)) index.add(group.pods, entry)
    if ('name' in group.namespaces) this.#named.add(group.namespaces.name, entry)
    else if (!isEverywhere(group)) this.#selecting.add(group.namespaces.selector, entry)
    return entry
  }

  #forget(entry: Entry): void {
    const { namespaces, pods } = entry.group
    this.#entries.delete(entry.id)
    for (const index of this.#indexesOf(entry)) index.delete(pods, entry)
    if ('name' in namespaces) this.#named.delete(namespaces.name, entry)
    else if (!isEverywhere(entry.group)) this.#selecting.delete(namespaces.selector, entry)
  }

  #indexesOf({ group }: Entry): LabelIndex<Entry>[] {
    if (isEverywhere(group)) return [this.#everywhere]
    return [...this.namespacesOf(group)].flatMap(name => this.#namespaces.get(name)?.groups ?? [])
  }
}

const isEverywhere = ({ namespaces }: PodGroup): boolean => 'selector' in namespaces && namespaces.selector.length === 0

function usesOf({ as, names }: GroupNeed): GroupUse[] {
  const side = as === 'subject' ? 'subject' : 'peer'
  const named = names.map((port): GroupUse => ({ as: side, port }))
  return as === 'named' ? named : [{ as: side, port: undefined }, ...named]
}

const keyOf = ({ as, port }: GroupUse): string => (port === undefined ? as : `${as} ${port.protocol} ${port.name}`)
