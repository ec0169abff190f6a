import { externalIds } from '@ovnkit/cni-api'
import type { ServiceFacts } from '@ovnkit/cni-service'
import {
  type BalancerProtocol,
  balancerAddress,
  balancerBackends,
  type LoadBalancerSpec,
  loadBalancer,
  maxAffinitySeconds,
  type OvnRow,
  templateVariable,
} from '@ovnkit/ovn'
import { type AffinityChoice, keepsTime } from './affinity.ts'
import { type BalancerGroup, hairpinSources } from './layout.ts'
import { isPerNode, type Vip } from './vips.ts'

/** A Load_Balancer and the groups that it is in. */
export interface Balancer {
  readonly row: OvnRow
  readonly groups: readonly BalancerGroup[]
}

/** Value of a template variable on one node. */
export interface NodeVariable {
  readonly node: string
  readonly name: string
  readonly value: string
}

export interface BalancerOptions {
  /** How `sessionAffinity: ClientIP` is kept, see `service.sessionAffinity`. */
  readonly affinity: AffinityChoice
}

/**
 * The balancers of a Service: one row for each protocol. Addresses whose endpoints are chosen node by node stand in rows of their own, one a family, as templates: then a
 * change of an endpoint changes the variable of the nodes that it concerns, and no row.
 *
 * The groups of a row never change, they are in its key: a Service that gets another policy gets other rows, in the same transaction.
 */
export function balancersOf(service: ServiceFacts, vips: readonly Vip[], options: BalancerOptions): Balancer[] {
  return [...Map.groupBy(vips, rowName)].flatMap(([suffix, members]) => {
    const [first] = members
    if (first === undefined) return []
    return [{ groups: first.groups, row: loadBalancer(specOf(service, suffix, first, members, options)) }]
  })
}

/** What the nodes' variables must say for these balancers. */
export function variablesOf(service: ServiceFacts, vips: readonly Vip[]): NodeVariable[] {
  const variables = new Map<string, NodeVariable>()
  for (const vip of vips) {
    if (!isPerNode(vip.endpoints)) continue
    for (const [node, endpoints] of vip.endpoints) {
      const backends = { node, name: backendsVariable(service, vip), value: balancerBackends(endpoints) }
      variables.set(`${node} ${backends.name}`, backends)
      if (vip.family === 4) continue
      const address = { node, name: addressVariable(service), value: vip.address }
      variables.set(`${node} ${address.name}`, address)
    }
  }
  return [...variables.values()]
}

/** `tcp`, `tcp_hosts`, `tcp_pods-v4`: what tells the rows of a Service apart. */
function rowName({ port, groups, family, endpoints }: Vip): string {
  const scope = [groups.length === 1 ? groups[0] : 'nodes', isPerNode(endpoints) ? `v${family}` : undefined]
  const text = scope.filter(part => part !== undefined).join('-')
  return `${protocolOf(port)}${text === 'nodes' ? '' : `_${text}`}`
}

function specOf(
  service: ServiceFacts,
  suffix: string,
  first: Vip,
  members: readonly Vip[],
  options: BalancerOptions,
): LoadBalancerSpec {
  const { namespace, name } = service
  const perNode = isPerNode(first.endpoints)
  const protocol = protocolOf(first.port)
  return {
    key: `service/${namespace}/${name}/${suffix}`,
    name: `k8s-${namespace}-${name}_${suffix}`,
    protocol,
    vips: Object.fromEntries(members.map(vip => [addressOf(service, vip), backendsOf(service, vip)])),
    reject: true,
    hairpinSources,
    // A client of UDP never says goodbye: without this it would talk to an endpoint that is gone for as long as it talks.
    forgetsConnections: protocol === 'udp',
    templateOf: perNode ? first.family : undefined,
    ...affinityOf(service, perNode, options),
    externalIds: { [externalIds.namespace]: namespace, [externalIds.service]: name },
  }
}

/** By hash a client is known by its MAC address, which every pod has of its own in both families (OVN 23.03 cannot hash IPv6 addresses). */
function affinityOf(
  { affinity }: ServiceFacts,
  perNode: boolean,
  options: BalancerOptions,
): Pick<LoadBalancerSpec, 'affinitySeconds' | 'selectionFields'> {
  if (affinity === 0) return {}
  if (perNode || !keepsTime(affinity, options.affinity)) return { selectionFields: ['eth_src'] }
  return { affinitySeconds: Math.min(affinity, maxAffinitySeconds) }
}

/** northd (23.03) takes a plain IPv4 address in a template, and an IPv6 address only as a variable. */
function addressOf(service: ServiceFacts, { address, port, family, endpoints }: Vip): string {
  if (family === 4 || !isPerNode(endpoints)) return balancerAddress(address, port.port)
  return `${templateVariable(addressVariable(service))}:${port.port}`
}

function backendsOf(service: ServiceFacts, vip: Vip): string {
  return isPerNode(vip.endpoints) ? templateVariable(backendsVariable(service, vip)) : balancerBackends(vip.endpoints)
}

function backendsVariable(service: ServiceFacts, { groups, port, family }: Vip): string {
  return [
    groups.length === 1 ? groups[0] : 'nodes',
    ...nameOf(service),
    protocolOf(port),
    port.port,
    `v${family}`,
  ].join('.')
}

const addressVariable = (service: ServiceFacts) => ['address', ...nameOf(service), 'v6'].join('.')

/** Names of Kubernetes have no underscore, names of variables no hyphen: what was different stays different. */
function nameOf({ namespace, name }: ServiceFacts): string[] {
  return [namespace, name].map(text => text.replaceAll('-', '_'))
}

const protocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const

function protocolOf({ protocol }: Vip['port']): BalancerProtocol {
  return protocols[protocol]
}
