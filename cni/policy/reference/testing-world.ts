import type { Connection } from './connection.ts'
import { mayConnect } from './evaluate.ts'
import type { ContainerPort, Labels, Namespace, NetworkPolicy, Pod, World } from './objects.ts'

/** Small worlds for the tests of this folder. Two nodes, n1 (192.168.0.1, fd00::1) and n2. */

export const namespace = (name: string, labels: Labels = {}): Namespace => ({
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
})

interface PodOptions {
  readonly labels?: Labels
  readonly node?: string
  readonly ports?: readonly ContainerPort[]
  readonly hostNetwork?: boolean
}

/** `namespace/name`; its addresses end in `number`. */
export function pod(key: string, number: number, options: PodOptions = {}): Pod {
  const [space = '', name = ''] = key.split('/')
  const { labels = {}, node = 'n1', ports = [], hostNetwork = false } = options
  return {
    metadata: { namespace: space, name, labels },
    spec: { nodeName: node, hostNetwork, containers: [{ ports }] },
    status: { podIPs: [{ ip: `10.244.0.${number}` }, { ip: `fd00:10::${number}` }] },
  }
}

const nodeOf = (number: number) => ({
  metadata: { name: `n${number}`, labels: { 'kubernetes.io/hostname': `n${number}` } },
  status: {
    addresses: [
      { type: 'InternalIP', address: `192.168.0.${number}` },
      { type: 'InternalIP', address: `fd00::${number}` },
      { type: 'Hostname', address: `n${number}` },
    ],
  },
})

export const world = (parts: Partial<World>): World => ({
  pods: [],
  namespaces: [namespace('default'), namespace('other')],
  nodes: [nodeOf(1), nodeOf(2)],
  networkPolicies: [],
  ...parts,
})

export const policy = (name: string, spec: NonNullable<NetworkPolicy['spec']>, space = 'default'): NetworkPolicy => ({
  metadata: { namespace: space, name },
  spec,
})

/** An end by its text: `namespace/name` a pod, an address the outside, anything else a node. */
function endOf(text: string): Connection['from'] {
  if (text.includes('/')) return { pod: text }
  return /[.:]/.test(text) ? { address: text } : { node: text }
}

/** Asks for TCP and IPv4 unless told otherwise. */
export function ask(one: World, from: string, to: string, port = 80, over: Partial<Connection> = {}) {
  return mayConnect(one, { from: endOf(from), to: endOf(to), protocol: 'TCP', family: 4, port, ...over }).allowed
}
