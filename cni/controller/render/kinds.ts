import {
  annotationNames,
  formatJoinAddresses,
  joinSwitch,
  type OvnNames,
  parseNodeGateway,
  readBandwidth,
} from '@ovnkit/cni-api'
import { type Cidr, type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import { type KubeDesires, type ObjectRef, resources } from '@ovnkit/kube'
import type { OvnRow } from '@ovnkit/ovn'
import type { Desired, OvsdbObjects, OwnerKind, OwnerStatus, ReadableStore, Rendered, View } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { PodPlace } from '../facts/pod.ts'
import type { ProviderFacts } from '../facts/provider.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { Assignment, Usage } from '../ipam/assignment.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { type TunnelVerdict, theTunnel } from '../ovn/tunnel.ts'
import { type AdminWorld, adminStatusKind } from '../policy/admin/status.ts'
import { learningKind } from '../policy/domains/kinds.ts'
import { type PolicyWorld, policyKinds, policyMemberships } from '../policy/kinds.ts'
import { subnetFinalizer, subnetResource } from '../resources.ts'
import { type ServiceWorld, serviceKinds } from '../service/kinds.ts'
import { type BalancerGroup, groupOn } from '../service/layout.ts'
import { allServices } from '../service/ranges.ts'
import { defaultSubnet } from '../subnet/automatic.ts'
import { foundations } from '../subnet/name-conflict.ts'
import { isOverlay, type Network } from '../subnet/network.ts'
import type { Verdict } from '../subnet/plan.ts'
import { everything } from '../subnet/reachable.ts'
import { subnetStatus } from '../subnet/status.ts'
import { bandwidthRows } from './bandwidth.ts'
import { clusterRows } from './cluster.ts'
import { dhcpKey, dhcpRows } from './dhcp.ts'
import { egressPolicies, gatewayRows } from './gateway.ts'
import type { Reachable } from './interconnect.ts'
import { isolationRows } from './isolation.ts'
import { overlaySet, switchKey, underlaySet } from './layout.ts'
import { localServiceRows } from './local-services.ts'
import { networkRows } from './network.ts'
import { nodeRows } from './node.ts'
import { podAnnotations, podPort, podRowKey, publishedPorts } from './pod.ts'
import { replyPolicies } from './replies.ts'
import { type GroupWorld, memberships, missingGroup, securityGroups } from './security-groups.ts'
import { setMembers } from './sets.ts'
import { underlayKinds } from './underlay-kinds.ts'

/** Everything that renders read. */
export interface World extends ServiceWorld, GroupWorld, PolicyWorld, Pick<AdminWorld, 'adminPolicies'> {
  readonly pods: ReadableStore<PodPlace, never>
  readonly subnets: ReadableStore<SubnetFacts>
  readonly providers: ReadableStore<ProviderFacts>
  readonly networks: ReadableStore<Network>
  readonly verdicts: ReadableStore<Verdict>
  readonly assignments: ReadableStore<Assignment, 'network'>
  readonly usage: ReadableStore<Usage>
  readonly joins: ReadableStore<JoinPlace>
  /** Which encapsulation the agents may use; one value. */
  readonly tunnel: ReadableStore<TunnelVerdict>
  /** Rules of others that come before policies of ours, by network. */
  readonly bypasses: ReadableStore<readonly string[]>
  /** What pods on networks of others reach by our router; one value. */
  readonly reachable: ReadableStore<Reachable>
  /** Outcomes by owner key. */
  readonly outcomes: ReadableStore<OwnerStatus>
  readonly join: readonly Cidr[]
  /** What rows are called where they are told of. */
  readonly names: OvnNames
  /** The ranges of Services, one entry. */
  readonly serviceRanges: ReadableStore<readonly Cidr[]>
  /** MTU that DHCP tells; 0: none. */
  readonly dhcpMtu: number
  /** Ranges of the Subnet that the controller makes itself; none in external mode. */
  readonly cluster: readonly Cidr[]
}

/** Where desired things are made. */
export interface Makers {
  readonly nb: Pick<OvsdbObjects, 'row' | 'element' | 'ref'>
  readonly kube: KubeDesires
}

const statusInterval = 1000

/** The kinds of owners that the controller has, in the order in which they depend on one another. */
export function ownerKinds(world: World, makers: Makers): OwnerKind[] {
  const rows = (specs: readonly OvnRow[]): Desired[] => specs.map(spec => makers.nb.row(spec))
  const objects = (list: readonly Desired[]): Rendered => ({ kind: 'objects', objects: list })
  const balancers = (row: string, group: BalancerGroup): Desired =>
    makers.nb.element(groupOn({ table: 'Logical_Switch', key: row }, group, (table, key) => makers.nb.ref(table, key)))
  return [
    {
      kind: 'cluster',
      keys: ['-'],
      order: 0,
      render: () => objects([...rows(clusterRows(world.join)), balancers(joinSwitch, 'hosts')]),
    },
    {
      kind: 'network',
      keys: world.networks,
      order: 1,
      render(key, view) {
        const network = view.get(world.networks, key)
        if (network === undefined) return objects([])
        const rendered = renderNetwork(world, makers.nb, network)
        return objects(network.services ? [...rendered, balancersOf(makers.nb, network)] : rendered)
      },
    },
    ...serviceKinds(world, makers.nb),
    {
      kind: 'default-subnet',
      keys: ['-'],
      order: 1,
      render: (_, view) => objects(defaultSubnet(world, makers.kube, view)),
    },
    ...underlayKinds(world, makers),
    ...policyKinds(world, makers.nb),
    adminStatusKind(world, makers.kube),
    learningKind(world, makers.kube),
    { kind: 'node', keys: world.nodes, order: 2, render: (key, view) => renderNode(world, makers, key, view) },
    { kind: 'pod', keys: world.pods, order: 3, render: (key, view) => renderPod(world, makers, key, view) },
    {
      kind: 'subnet',
      keys: world.subnets,
      order: 4,
      render: (key, view) => objects(renderSubnet(world, makers.kube, key, view)),
    },
  ]
}

function renderNetwork({ dhcpMtu, join, templates, policy }: World, nb: Makers['nb'], network: Network): Desired[] {
  const rows = [
    ...networkRows(network),
    ...isolationRows(network, join, policy.tiers),
    ...dhcpRows(network, dhcpMtu),
    ...(templates ? localServiceRows(network) : []),
  ].map(row => nb.row(row))
  return isOverlay(network) ? [...rows, ...setMembers(nb, overlaySet, network.ranges)] : rows
}

/** On a switch of ZStack's the group is one element of its set. */
function balancersOf(nb: Makers['nb'], { key, externalSwitch: value }: Network): Desired {
  const table = 'Logical_Switch'
  const row = value === undefined ? { table, key: switchKey(key) } : { table, index: 'byName', value }
  return nb.element(groupOn(row, 'pods', (of, name) => nb.ref(of, name)))
}

function renderNode(world: World, { nb, kube }: Makers, key: string, view: View): Rendered {
  const node = view.get(world.nodes, key)
  const place = view.get(world.joins, key)
  if (node === undefined) return { kind: 'objects', objects: [] }
  if (place === undefined) {
    return {
      kind: 'invalid',
      reason: 'JoinNetworkFull',
      message: 'network.joinCIDR has no address left for this node; it must be larger',
    }
  }
  const addresses = place.addresses.map((ip, i) => ({ ip, prefixLength: world.join[i]?.prefixLength ?? 0 }))
  const ref: ObjectRef = { resource: resources.nodes, name: node.name, uid: node.uid }
  const tunnel = view.get(world.tunnel, theTunnel)
  const { joinAddress, tunnelType, tunnelProblem } = annotationNames.node
  return {
    kind: 'objects',
    objects: [
      ...[...nodeRows(node, place, world.join), ...waysOut(world, node, place, view)].map(row => nb.row(row)),
      kube.annotations(ref, {
        [joinAddress]: formatJoinAddresses(addresses),
        ...(tunnel?.type !== undefined && { [tunnelType]: tunnel.type }),
        ...(tunnel?.problem !== undefined && { [tunnelProblem]: tunnel.problem }),
      }),
    ],
  }
}

/** Where the pods of a node leave: its gateway router in mode shared, and the policies that lead there or to the host. */
function waysOut(world: World, node: NodeFacts, place: JoinPlace, view: View): OvnRow[] {
  const gateway = parseNodeGateway(node.annotations[annotationNames.node.gateway] ?? '')
  const plan = { node, place, join: world.join }
  const services = view.get(world.serviceRanges, allServices) ?? []
  const policies = egressPolicies({ ...plan, services, gateway })
  return gateway === undefined ? policies : [...policies, ...gatewayRows({ ...plan, gateway })]
}

function renderPod(world: World, { nb, kube }: Makers, key: string, view: View): Rendered {
  const pod = view.get(world.pods, key)
  if (pod === undefined) return { kind: 'objects', objects: [] }
  const ref: ObjectRef = { resource: resources.pods, namespace: pod.namespace, name: pod.name, uid: pod.objectUid }
  // The port goes; what its annotations told stays true of the past, and costs no write to take away.
  if (pod.ended) return { kind: 'objects', objects: [kube.annotations(ref, {})] }
  const assignment = view.get(world.assignments, key)
  if (assignment === undefined || assignment.uid !== pod.uid)
    return { kind: 'wait', reason: 'NotScheduled', message: 'the pod is not scheduled yet', objects: [] }
  if (assignment.state !== 'assigned') {
    const { reason, message } = assignment
    return assignment.state === 'waiting'
      ? { kind: 'wait', reason, message, objects: [] }
      : { kind: 'invalid', reason, message, objects: [] }
  }
  const network = view.get(world.networks, assignment.network)
  if (network === undefined)
    return { kind: 'wait', reason: 'NetworkGone', message: `network ${assignment.network} is not set up` }
  const groups = securityGroups(world, pod, network.subnet, view)
  const missing = missingGroup(world, groups, view)
  if (missing !== undefined) {
    return {
      kind: 'wait',
      reason: 'NoSecurityGroup',
      message: `there is no port group "${missing}" for annotation ${annotationNames.pod.securityGroups}`,
    }
  }
  if (!view.has(world.namespaceFacts, pod.namespace))
    return { kind: 'wait', reason: 'NoNamespace', message: `nothing is known of namespace ${pod.namespace} yet` }
  const port = nb.ref('Logical_Switch_Port', podRowKey(pod))
  const chassis = view.get(world.nodes, pod.node)?.chassis ?? pod.node
  const reachable = isOverlay(network) ? undefined : view.get(world.reachable, everything)
  const { limits, problems } = readBandwidth(pod.annotations)
  return {
    ...(problems.length === 0 ? objectsOnly : { ...invalidBandwidth, message: problems.join('; ') }),
    objects: [
      ...bandwidthRows(pod, network, limits).map(row => nb.row(row)),
      nb.row(podPort(pod, assignment, network, { chassis, dhcp: dhcpOf(nb, network), groups })),
      ...[...memberships(groups, port), ...policyMemberships(world, key, port, view)].map(spec => nb.element(spec)),
      ...replyPolicies(`pod/${key}`, publishedPorts(pod, assignment), world.joins, view).map(row => nb.row(row)),
      ...(reachable === undefined ? [] : setMembers(nb, underlaySet, assignment.addresses.map(withFamily))),
      kube.annotations(
        ref,
        podAnnotations(pod, assignment, network, {
          services: view.get(world.serviceRanges, allServices) ?? [],
          reachable,
          names: world.names,
        }),
      ),
    ],
  }
}

const objectsOnly = { kind: 'objects' } as const
const invalidBandwidth = { kind: 'invalid', reason: 'InvalidBandwidth' } as const

const withFamily = (text: IpAddress) => ({ text, family: ipFamily(text) })

/** UUIDs of the network's DHCP_Options, by family. */
function dhcpOf(nb: Makers['nb'], { dhcp, key, ranges }: Network): Partial<Record<Family, string>> {
  return Object.fromEntries(
    dhcp ? ranges.map(({ family }) => [family, nb.ref('DHCP_Options', dhcpKey(key, family))]) : [],
  )
}

function renderSubnet(world: World, kube: KubeDesires, key: string, view: View): Desired[] {
  const facts = view.get(world.subnets, key)
  if (facts === undefined) return []
  const verdict = view.get(world.verdicts, key)
  const network = verdict !== undefined && 'network' in verdict ? verdict.network : undefined
  const ref: ObjectRef = { resource: subnetResource, name: facts.name, uid: facts.uid }
  const pods =
    facts.deleting && network !== undefined ? view.by(world.assignments, 'network', network).map(([pod]) => pod) : []
  const status = subnetStatus({
    facts,
    verdict,
    network: network === undefined ? undefined : view.get(world.networks, network),
    usage: network === undefined ? undefined : view.get(world.usage, network),
    names: world.names,
    bypasses: (network !== undefined && view.get(world.bypasses, network)) || [],
    foundations: foundations.map(owner => view.get(world.outcomes, owner)),
    rows: network === undefined ? undefined : view.get(world.outcomes, `network/${network}`),
    pods,
  })
  const desired: Desired[] = [kube.status(ref, { ...status }, { minIntervalMs: statusInterval })]
  // Only what has a network can be in use. While it is being deleted, the finalizer goes with the last address.
  const used = network !== undefined && view.get(world.usage, network)?.inUse === true
  if (network !== undefined && (used || !facts.deleting)) desired.push(kube.finalizer(ref, subnetFinalizer))
  return desired
}
