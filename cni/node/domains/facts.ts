import type { PodSelection, ResolvedName, ResolvedNames, ResolvedNamesStatus } from '@ovnkit/cni-api'
import { type PodGroup, parseSelector } from '@ovnkit/cni-policy'
import { type Cidr, InetError, parseCidr } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'

/** What the agent is to learn, and what it has written down. */
export interface NamesFacts {
  readonly uid: string
  readonly names: ReadonlySet<string>
  readonly servers: readonly Cidr[]
  readonly subjects: readonly PodGroup[]
  readonly learned: readonly ResolvedName[]
  readonly status: ResolvedNamesStatus | undefined
}

/** By node; the agent's own alone. */
export type NamesStore = Store<NamesFacts>
export const createNamesStore = (): NamesStore =>
  new Store<NamesFacts>({ name: 'names to resolve', equals: (a, b) => textOf(a) === textOf(b) })

/** Networks have numbers that JSON has no text for. */
const textOf = ({ names, servers, ...rest }: NamesFacts): string =>
  JSON.stringify([[...names], servers.map(({ text }) => text), rest])

export function namesFacts({ metadata, spec, status }: ResolvedNames): NamesFacts {
  return {
    uid: metadata?.uid ?? '',
    names: new Set(spec.names),
    servers: spec.servers.flatMap(text => networkOf(text) ?? []),
    subjects: spec.pods.map(subjectOf),
    learned: status?.names ?? [],
    status,
  }
}

const subjectOf = ({ namespaceSelector, podSelector }: PodSelection): PodGroup => ({
  namespaces: { selector: parseSelector(namespaceSelector ?? {}) },
  pods: parseSelector(podSelector ?? {}),
})

function networkOf(text: string): Cidr | undefined {
  try {
    return parseCidr(text)
  } catch (error) {
    if (error instanceof InetError) return undefined
    throw error
  }
}
