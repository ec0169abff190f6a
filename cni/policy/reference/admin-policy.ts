import type { Destination, Direction, Protocol } from './connection.ts'
import { isNamed } from './connection.ts'
import type {
  AdminNetworkPolicy,
  AdminPeer,
  AdminPort,
  AdminSubject,
  ClusterNetworkPolicy,
  ClusterProtocol,
  World,
} from './objects.ts'

/** Whether a destination is what an element of `ports` or `protocols` says; undefined: nothing known is in it. */
export type PortTest = ((destination: Destination) => boolean) | undefined

export interface AdminRule {
  readonly name: string
  readonly action: 'allow' | 'deny' | 'pass'
  readonly peers: readonly AdminPeer[]
  /** Empty: every one. */
  readonly ports: readonly PortTest[]
}

/** What the three kinds of administrators' policies have in common. */
export interface AdminPolicy {
  readonly name: string
  readonly tier: 'admin' | 'baseline'
  /** The lowest first. */
  readonly priority: number
  readonly subject: AdminSubject
  readonly rules: Readonly<Record<Direction, readonly AdminRule[]>>
}

/** All of them, in no order. */
export function adminPoliciesOf(world: World): AdminPolicy[] {
  return [
    ...(world.adminNetworkPolicies ?? []).map(one => alpha1('AdminNetworkPolicy', 'admin', one)),
    ...(world.baselineAdminNetworkPolicies ?? []).map(one => alpha1('BaselineAdminNetworkPolicy', 'baseline', one)),
    ...(world.clusterNetworkPolicies ?? []).map(alpha2),
  ]
}

/**
 * The baseline policy of v1alpha1 has no priority, and the API does not tell where it stands among those of v1alpha2: behind them, says
 * cni/docs/cluster-policies.md.
 */
const last = Number.POSITIVE_INFINITY

function alpha1(kind: string, tier: AdminPolicy['tier'], { metadata, spec }: AdminNetworkPolicy): AdminPolicy {
  const { priority = tier === 'baseline' ? last : 0, subject, ingress = [], egress = [] } = spec
  const name = `${kind} ${metadata?.name}`
  const rules = (direction: Direction, all: NonNullable<typeof spec.ingress>) =>
    all.map((one, i) => ruleOf(one, `${direction} rule ${i + 1} of ${name}`, (one.ports ?? []).map(portTest)))
  return {
    name,
    tier,
    priority,
    subject,
    rules: { ingress: rules('ingress', ingress), egress: rules('egress', egress) },
  }
}

function alpha2({ metadata, spec }: ClusterNetworkPolicy): AdminPolicy {
  const { tier, priority, subject, ingress = [], egress = [] } = spec
  const name = `ClusterNetworkPolicy ${metadata?.name}`
  const rules = (direction: Direction, all: NonNullable<typeof spec.ingress>) =>
    all.map((one, i) => ruleOf(one, `${direction} rule ${i + 1} of ${name}`, (one.protocols ?? []).map(protocolTest)))
  return {
    name,
    tier: tier === 'Baseline' ? 'baseline' : 'admin',
    priority,
    subject,
    rules: { ingress: rules('ingress', ingress), egress: rules('egress', egress) },
  }
}

const actions: Readonly<Record<string, AdminRule['action']>> = {
  Allow: 'allow',
  Accept: 'allow',
  Deny: 'deny',
  Pass: 'pass',
}

interface RawRule {
  readonly action: string
  readonly from?: readonly AdminPeer[] | undefined
  readonly to?: readonly AdminPeer[] | undefined
}

function ruleOf({ action, from, to }: RawRule, name: string, ports: readonly PortTest[]): AdminRule {
  const known = actions[action]
  if (known === undefined) throw new Error(`${name}: expected Allow, Accept, Deny or Pass; got ${action}`)
  return { name, action: known, peers: from ?? to ?? [], ports }
}

const within = (protocol: string, first: number, last: number) => (one: Destination) =>
  one.protocol === protocol && first <= one.port && one.port <= last

/** v1alpha1 AdminNetworkPolicyPort. A named port has the protocol that the pod's container gives it. */
function portTest({ portNumber, namedPort, portRange }: AdminPort): PortTest {
  if (portNumber !== undefined) return within(portNumber.protocol ?? 'TCP', portNumber.port, portNumber.port)
  if (portRange !== undefined) return within(portRange.protocol ?? 'TCP', portRange.start, portRange.end)
  return namedPort === undefined ? undefined : destination => isNamed(destination, namedPort)
}

/** v1alpha2 ClusterNetworkPolicyProtocol. */
function protocolTest({ tcp, udp, sctp, destinationNamedPort }: ClusterProtocol): PortTest {
  if (destinationNamedPort !== undefined) return destination => isNamed(destination, destinationNamedPort)
  const given = (
    [
      ['TCP', tcp],
      ['UDP', udp],
      ['SCTP', sctp],
    ] as const
  ).find(([, match]) => match !== undefined)
  return given === undefined ? undefined : matchTest(given[0], given[1]?.destinationPort)
}

type DestinationPort = NonNullable<ClusterProtocol['tcp']>['destinationPort']

function matchTest(protocol: Protocol, port: DestinationPort): PortTest {
  if (port?.range !== undefined) return within(protocol, port.range.start, port.range.end)
  return port?.number === undefined ? one => one.protocol === protocol : within(protocol, port.number, port.number)
}
