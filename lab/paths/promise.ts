import { type Cell, isHostNetwork, nodeOf } from './cells.ts'

/**
 * What the API promises of a path.
 * - `answer`: `yes` by the endpoint; `drop`: silence; `refuse`: TCP reset or ICMP; `free`: the endpoint's answer or silence, the API
 *   leaves it open.
 * - `source`, as the endpoint sees it: `own` the client's, `node` one of the client's node, `own or node`, or `any`.
 *
 * Sources: Service API (internalTrafficPolicy, externalTrafficPolicy: field documentation of core/v1), KEP-2086, KEP-1669,
 * kubernetes.io "Virtual IPs and Service Proxies" and "Using Source IP"; what they leave open about clients inside the cluster is as
 * kube-proxy has it: pods, and a node for its own addresses, reach all endpoints.
 */
export interface Promised {
  readonly answer: 'yes' | 'drop' | 'refuse' | 'free'
  readonly source: 'own' | 'node' | 'own or node' | 'any'
}

const drop: Promised = { answer: 'drop', source: 'any' }

export function promiseOf(cell: Cell): Promised {
  if (cell.endpoint === 'none') return { answer: 'refuse', source: 'any' }
  if (cell.kind === 'ClusterIP') return inside(cell, cell.policy === 'Local')
  if (cell.kind === 'headless') return inside(cell, false)
  if (cell.kind === 'hostPort') return { answer: 'yes', source: cell.client === 'outside' ? 'own' : 'any' }
  return cell.policy === 'Local' ? externalLocal(cell) : { answer: 'yes', source: 'any' }
}

/** To an address of the cluster: internalTrafficPolicy Local stays on the client's node, or drops. */
function inside({ client, endpoint }: Cell, local: boolean): Promised {
  if (local && nodeOf(endpoint) !== 'near') return drop
  if (client !== 'pod') return { answer: 'yes', source: isHostNetwork(endpoint) ? 'any' : 'node' }
  // A pod that reaches itself must not see its own address, or it would answer past the balancer.
  if (endpoint === 'self') return { answer: 'yes', source: 'any' }
  return { answer: 'yes', source: isHostNetwork(endpoint) ? 'own or node' : 'own' }
}

/** externalTrafficPolicy Local: the node that is reached answers for its own endpoints alone, and keeps the client's address. */
function externalLocal({ client, kind, endpoint, entry = 'near' }: Cell): Promised {
  const local = nodeOf(endpoint) === entry
  if (client === 'outside') return local ? { answer: 'yes', source: 'own' } : drop
  if (local) return { answer: 'yes', source: 'any' }
  // To the node ports of its own node a pod is as much inside as outside (kubernetes/kubernetes#123622).
  if (entry === 'near') return { answer: client === 'pod' && kind === 'NodePort' ? 'free' : 'yes', source: 'any' }
  return client === 'pod' ? { answer: 'free', source: 'any' } : drop
}
