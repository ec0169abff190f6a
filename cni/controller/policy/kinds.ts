import {
  blockKey,
  groupRow,
  type NodeCover,
  type PodGroup,
  type Policy,
  type PortName,
  peerRows,
  peerSet,
  placeOf,
  type RowContext,
  ruleRows,
  subjectGroup,
} from '@ovnkit/cni-policy'
import { type Cidr, ipFamily } from '@ovnkit/inet'
import type { OvnRow } from '@ovnkit/ovn'
import type { Desired, ElementSpec, OwnerKind, ReadableStore, Rendered, View } from '@ovnkit/reconcile'
import type { NamespaceFacts } from '../facts/namespace.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { PodPlace } from '../facts/pod.ts'
import type { Assignment } from '../ipam/assignment.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import type { RowMaker } from '../ovn/cluster-rows.ts'
import { podRowKey } from '../render/pod.ts'
import { furtherPeers } from './admin/further-peers.ts'
import { type NodePeerWorld, nodePeersKind } from './admin/node-peers.ts'
import type { AdminWorld } from './admin/status.ts'
import { type DomainWorld, domainPeersKind } from './domains/kinds.ts'
import { ofPods } from './families.ts'
import { fixedRows, nodeRows, policedGroup } from './fixed.ts'
import { numbersKey } from './memberships.ts'

/** What renders of policies read. */
export interface PolicyWorld {
  readonly pods: ReadableStore<PodPlace, never>
  readonly namespaceFacts: ReadableStore<NamespaceFacts>
  readonly nodes: ReadableStore<NodeFacts, 'chassis'>
  readonly joins: ReadableStore<JoinPlace>
  readonly assignments: ReadableStore<Assignment, 'network'>
  readonly join: readonly Cidr[]
  /** What of policies is derived. */
  readonly policy: DomainWorld & {
    /** In force, by `policyKey`. */
    readonly policies: ReadableStore<Policy, 'subject'>
    /** Groups that policies are about, by id. */
    readonly subjects: ReadableStore<PodGroup>
    /** Groups that need port groups, by id, */
    readonly groups: ReadableStore<PodGroup>
    /** and those that need address sets. */
    readonly sets: ReadableStore<PodGroup>
    /** Ids of the groups that a pod is in as a subject, */
    readonly subjectsOf: ReadableStore<readonly string[]>
    /** and as a peer; */
    readonly peersOf: ReadableStore<readonly string[]>
    /** the latter's keys, a few of a namespace together. */
    readonly shelves: ReadableStore<readonly string[]>
    readonly numbers: ReadableStore<readonly number[]>
    readonly covers: ReadableStore<NodeCover>
    readonly nodeSelectors: NodePeerWorld['nodeSelectors']
    readonly adminVerdicts: AdminWorld['policy']['adminVerdicts']
    readonly tiers: boolean
    readonly logRate: number
  }
}

/**
 * The kinds of owners of network policies. Their order is what keeps connections alive: sets and groups have their members before rules name them, so that the rules
 * of a group change everything in one transaction. A pod that comes has its memberships in its own render, in the transaction that makes its port, and pods come
 * after rules.
 */
export function policyKinds(world: PolicyWorld, nb: RowMaker): OwnerKind[] {
  const { policy } = world
  const rows = (specs: readonly OvnRow[]): Rendered => ({ kind: 'objects', objects: specs.map(spec => nb.row(spec)) })
  return [
    {
      kind: 'policies',
      keys: ['-'],
      order: 0,
      render: () => rows(fixedRows(policy.logRate, (table, key) => nb.ref(table, key))),
    },
    {
      kind: 'policy-node',
      keys: world.joins,
      order: 1,
      render(key, view) {
        const [node, place] = [view.get(world.nodes, key), view.get(world.joins, key)]
        return rows(node === undefined || place === undefined ? [] : nodeRows(node, place))
      },
    },
    {
      kind: 'policy-group',
      keys: policy.groups,
      order: 2.1,
      render(key, view) {
        const group = view.get(policy.groups, key)
        return rows(group === undefined ? [] : [groupRow(group)])
      },
    },
    {
      kind: 'policy-peers',
      keys: policy.sets,
      order: 2.1,
      render(key, view) {
        const group = view.get(policy.sets, key)
        return rows(group === undefined ? [] : peerRows(group, view.get(policy.families, ofPods) ?? []))
      },
    },
    nodePeersKind({ nodes: world.nodes, nodeSelectors: policy.nodeSelectors }, nb),
    domainPeersKind(policy, nb),
    {
      kind: 'pod-peers',
      keys: policy.shelves,
      order: 2.2,
      render: (key, view) => ({
        kind: 'objects',
        objects: (view.get(policy.shelves, key) ?? []).flatMap(pod => peerElements(world, nb, pod, view)),
      }),
    },
    {
      kind: 'pod-groups',
      keys: policy.subjectsOf,
      order: 2.2,
      render: (key, view) => ({ kind: 'objects', objects: groupElements(world, nb, key, view) }),
    },
    {
      kind: 'policy-subject',
      keys: policy.subjects,
      order: 2.3,
      render(key, view) {
        const subject = view.get(policy.subjects, key)
        if (subject === undefined) return rows([])
        const policies = view.by(policy.policies, 'subject', key).map(([, one]) => one)
        return rows(ruleRows(subject, policies, contextOf(world, view)))
      },
    },
  ]
}

function contextOf({ namespaceFacts, join, policy }: PolicyWorld, view: View): RowContext {
  return {
    families: view.get(policy.families, ofPods) ?? [],
    join,
    numbersOf: (group: PodGroup, port: PortName) => view.get(policy.numbers, numbersKey(group, port)) ?? [],
    coverOf: block => view.get(policy.covers, blockKey(block)),
    furtherPeers,
    placeOf: band => placeOf(band, policy.tiers),
    loggingOf: ({ namespace }) => (namespace === '' ? undefined : view.get(namespaceFacts, namespace)?.logging) ?? {},
  }
}

/** A pod's addresses in the sets of the groups that it is in as a peer. */
function peerElements({ assignments, policy }: PolicyWorld, nb: RowMaker, key: string, view: View): Desired[] {
  const assignment = view.get(assignments, key)
  if (assignment?.state !== 'assigned') return []
  return (view.get(policy.peersOf, key) ?? []).flatMap(id =>
    assignment.addresses.map(value =>
      nb.element({ row: { table: 'Address_Set', key: peerSet(id, ipFamily(value)) }, column: 'addresses', value }),
    ),
  )
}

/** The port of a pod in its port groups, where it exists already: a pod that comes brings them itself. */
function groupElements(world: PolicyWorld, nb: RowMaker, key: string, view: View): Desired[] {
  const pod = view.get(world.pods, key)
  if (pod === undefined) return []
  const port = nb.ref('Logical_Switch_Port', podRowKey(pod))
  return policyMemberships(world, key, port, view).map(spec => nb.element(spec))
}

/** A pod's port in the port groups of the policies that are about it. */
export function policyMemberships({ policy }: PolicyWorld, pod: string, port: string, view: View): ElementSpec[] {
  const ids = view.get(policy.subjectsOf, pod) ?? []
  if (ids.length === 0) return []
  return [policedGroup, ...ids.map(subjectGroup)].map(key => ({
    row: { table: 'Port_Group', key },
    column: 'ports',
    value: port,
  }))
}
