import { type LabelSelector, type Labels, selects } from '@ovnkit/kube'
import { weight } from './weight.ts'

/** Something that lives on exactly one node: an address of an EgressIP, the addresses of a Service. */
export interface Claim {
  /** Nodes that may hold it; without it all. */
  readonly nodeSelector?: LabelSelector | undefined
  /** Nodes where it is of use (policy Local: those with endpoints). When none of these can be had, any node will do. */
  readonly only?: readonly string[] | undefined
  /** Load balancers do not lead to nodes that say so (KEP-1143). */
  readonly balancer: boolean
}

/** What the choice knows of a node. */
export interface NodeState {
  readonly name: string
  readonly labels: Labels
  /** The kubelet says so. */
  readonly ready: boolean
  /** Not cordoned. */
  readonly schedulable: boolean
  /** Its kernel answers; true as long as nobody knows better. */
  readonly answers: boolean
}

/** Label that keeps load balancers away from a node, whatever its value. */
export const excludedFromBalancers = 'node.kubernetes.io/exclude-from-external-load-balancers'

/**
 * How good a node is as a holder, the lowest first. A cordoned node works, but will go; a node that does not answer or is not ready is no better than
 * the present holder, whatever that is: then nothing is moved.
 */
export const rank = ({ ready, schedulable, answers }: NodeState): number => {
  if (!ready) return 3
  if (!answers) return 2
  return schedulable ? 0 : 1
}

/** The worst rank that something is moved to from a holder that could still hold it. */
const worthMoving = 1

export interface HoldersInput {
  readonly claims: ReadonlyMap<string, Claim>
  readonly nodes: readonly NodeState[]
  /** Who holds what now. */
  readonly current: ReadonlyMap<string, string>
}

/**
 * Chooses a node for every claim. What has a good holder keeps it, however unevenly things lie: moving costs connections. The others go to the best
 * nodes, there to those that hold least. The same input gives the same choice. Claims that no node may hold are not in the result.
 */
export function planHolders({ claims, nodes, current }: HoldersInput): Map<string, string> {
  const loads = new Map<string, number>()
  const holders = new Map<string, string>()
  const hold = (key: string, node: string) => {
    holders.set(key, node)
    loads.set(node, (loads.get(node) ?? 0) + 1)
  }
  const homeless: string[] = []
  for (const [key, claim] of claims) {
    const holder = keeps(candidatesOf(claim, nodes), current.get(key))
    if (holder === undefined) homeless.push(key)
    else hold(key, holder)
  }
  for (const key of homeless.sort()) {
    const claim = claims.get(key)
    const node = claim && leastLoaded(key, best(candidatesOf(claim, nodes)), loads)
    if (node !== undefined) hold(key, node)
  }
  return holders
}

function candidatesOf({ nodeSelector, only, balancer }: Claim, nodes: readonly NodeState[]): readonly NodeState[] {
  const allowed = nodes.filter(
    ({ labels }) => (!balancer || labels[excludedFromBalancers] === undefined) && selected(nodeSelector, labels),
  )
  const useful = only === undefined ? allowed : allowed.filter(({ name }) => only.includes(name))
  return useful.length > 0 ? useful : allowed
}

/** The present holder, when there is nothing to be gained by another one. */
function keeps(candidates: readonly NodeState[], current: string | undefined): string | undefined {
  const holder = candidates.find(({ name }) => name === current)
  if (holder === undefined) return undefined
  const bestRank = Math.min(...candidates.map(rank))
  return rank(holder) <= bestRank || bestRank > worthMoving ? holder.name : undefined
}

function best(candidates: readonly NodeState[]): readonly NodeState[] {
  const bestRank = Math.min(...candidates.map(rank))
  return candidates.filter(node => rank(node) === bestRank)
}

function leastLoaded(
  key: string,
  candidates: readonly NodeState[],
  loads: ReadonlyMap<string, number>,
): string | undefined {
  const order = candidates.map(({ name }) => ({ name, load: loads.get(name) ?? 0, weight: weight(key, name) }))
  order.sort((a, b) => a.load - b.load || b.weight - a.weight || (a.name < b.name ? -1 : 1))
  return order[0]?.name
}

function selected(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector === undefined || selects(selector, labels)
}
