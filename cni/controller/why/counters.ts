import { type BandRuling, policyKey, type SideRuling } from '@ovnkit/cni-policy'
import { ipFamily } from '@ovnkit/inet'
import { isApiError, type KubeClient, resources } from '@ovnkit/kube'
import { nodeFacts } from '../facts/node.ts'

/** A policy that decided, and what its node's agent has counted of such decisions. */
export interface PolicyCount {
  /** The series as Prometheus writes it. */
  readonly series: string
  /** Undefined where the agent does not tell; 0 where no packet came yet. */
  readonly packets: number | undefined
}

/** Packets by series; undefined where the node did not answer. */
export type NodeCounts = ReadonlyMap<string, number> | undefined

const metric = 'zstack_ovn_kubernetes_network_policy_packets_total'
/** Milliseconds for a node to answer. */
const longest = 5000

/** What the policies count that decided about a side: a packet more of the same kind adds to it. */
export function countsOf({ by, isolatedBy, effect }: BandRuling, side: SideRuling, counts: NodeCounts): PolicyCount[] {
  const isolating = effect === 'deny' && by.length === 0 ? isolatedBy : []
  const decided = [
    ...by.map(({ policy, rule }) => ({ policy, verdict: rule.action })),
    ...isolating.map(policy => ({ policy, verdict: 'deny' })),
  ]
  const all = decided.map(({ policy, verdict }) => {
    const [kind = '', ...rest] = policyKey(policy).split('/')
    const [namespace = '', name = ''] = rest.length > 1 ? rest : ['', ...rest]
    const series = seriesText({ kind, namespace, policy: name, direction: side.direction, verdict })
    return { series, packets: counts && (counts.get(series) ?? 0) }
  })
  return [...new Map(all.map(one => [one.series, one])).values()]
}

/**
 * What the agent of a node has counted.
 * @param port where the node's agent serves /metrics
 */
export async function nodeCounts(client: KubeClient, node: string, port: string): Promise<NodeCounts> {
  try {
    const { internal } = nodeFacts(await client.get(resources.nodes, { name: node }))
    const [address] = internal
    if (address === undefined) return undefined
    const host = ipFamily(address) === 6 ? `[${address}]` : address
    const answer = await fetch(`http://${host}:${port}/metrics`, { signal: AbortSignal.timeout(longest) })
    return answer.ok ? parseCounts(await answer.text()) : undefined
  } catch (error) {
    // fetch rejects with a TypeError where nobody answers, and a DOMException when that takes too long.
    if (error instanceof TypeError || error instanceof DOMException || isApiError(error, 'notFound')) return undefined
    throw error
  }
}

/** The counters of policies in the text format of Prometheus. */
export function parseCounts(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [, labels = '', value] of text.matchAll(
    /^zstack_ovn_kubernetes_network_policy_packets_total\{(.*)\} (\S+)$/gm,
  )) {
    const read = Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, own]) => [name, own]))
    counts.set(seriesText(read), Number(value))
  }
  return counts
}

/** No value has anything in it that would have to be escaped: they are names of Kubernetes. */
const seriesText = (labels: Readonly<Record<string, string | undefined>>): string =>
  `${metric}{${['kind', 'namespace', 'policy', 'direction', 'verdict'].map(one => `${one}="${labels[one] ?? ''}"`).join(',')}}`
