import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import { type Cidr, cidrContains } from '@ovnkit/inet'
import { maxAffinitySeconds } from '@ovnkit/ovn'
import { type AffinityChoice, keepsTime } from './affinity.ts'

/** What a Service's owner should know: an Event on it. */
export interface Note {
  /** One CamelCase word. */
  readonly reason: string
  readonly message: string
}

export interface NoteContext {
  readonly affinity: AffinityChoice
  /** The server has Chassis_Template_Var (OVN 22.12). */
  readonly templates: boolean
  /** Ranges from which Services get their addresses. */
  readonly ranges: readonly Cidr[]
  /** Nodes whose Open vSwitch forwards in user space, asked only for SCTP. */
  readonly userspaceNodes: () => readonly string[]
}

/** What of a Service is not as its owner may think. None of it keeps the rest from working. */
export function notesOf(service: ServiceFacts, slices: readonly SliceFacts[], context: NoteContext): Note[] {
  return [
    affinity(service, slices, context),
    endpoints(slices),
    local(service, context),
    sctp(service, context),
    outOfRange(service, context),
  ].flatMap(note => note ?? [])
}

function affinity(
  { affinity: seconds, internalLocal }: ServiceFacts,
  slices: readonly SliceFacts[],
  context: NoteContext,
) {
  // By configuration, or of nobody who named a timeout.
  if (seconds === 0 || !keepsTime(seconds, context.affinity)) return undefined
  const hinted = slices.some(slice => slice.endpoints.some(({ hints }) => hints !== undefined))
  if (context.templates && (internalLocal || hinted)) {
    const why = 'endpoints are chosen node by node, where OVN has no affinity with a timeout'
    return {
      reason: 'SessionAffinityWithoutTimeout',
      message: `${why}: pods keep their endpoint for as long as the endpoints stay the same, and not for ${seconds} s`,
    }
  }
  if (seconds <= maxAffinitySeconds) return firstConnection
  return {
    reason: 'SessionAffinityShortened',
    message: `sessionAffinityConfig.clientIP.timeoutSeconds: OVN knows at most ${maxAffinitySeconds} s, which is used instead of ${seconds} s; ${firstConnection.message}`,
  }
}

const firstConnection: Note = {
  reason: 'SessionAffinityFirstConnection',
  message:
    'with a timeout OVN drops the connection with which a client comes to its endpoint, and clients must try again; ' +
    'the default timeout of 10800 s (and service.sessionAffinity: hash) loses nothing and has no end',
}

function endpoints(slices: readonly SliceFacts[]): Note | undefined {
  const ignored = slices.flatMap(slice => slice.ignored)
  if (ignored.length === 0) return undefined
  const more = ignored.length > 3 ? `, and ${ignored.length - 3} more` : ''
  return { reason: 'InvalidEndpoints', message: `endpoints are left out: ${ignored.slice(0, 3).join('; ')}${more}` }
}

function local({ internalLocal }: ServiceFacts, { templates }: NoteContext): Note | undefined {
  if (!internalLocal || templates) return undefined
  return {
    reason: 'InternalTrafficPolicyIgnored',
    message: 'internalTrafficPolicy Local needs OVN 22.12 or later; pods reach all endpoints',
  }
}

function sctp({ ports }: ServiceFacts, { userspaceNodes }: NoteContext): Note | undefined {
  if (!ports.some(({ protocol }) => protocol === 'SCTP')) return undefined
  const nodes = userspaceNodes()
  if (nodes.length === 0) return undefined
  const names = nodes.length > 3 ? `${nodes.slice(0, 3).join(', ')} and ${nodes.length - 3} more` : nodes.join(', ')
  return {
    reason: 'SCTPNotBalanced',
    message:
      `SCTP is not balanced for pods on ${names}: Open vSwitch forwards in user space there (datapath_type netdev), and ` +
      "its connection tracking does not know SCTP; it needs the kernel's datapath",
  }
}

function outOfRange({ clusterIPs }: ServiceFacts, { ranges }: NoteContext): Note | undefined {
  const outside = clusterIPs.filter(address => !ranges.some(range => cidrContains(range, address)))
  if (outside.length === 0) return undefined
  return {
    reason: 'ClusterIPOutOfRange',
    message: `${outside.join(', ')} is in no range of Services that is known (${ranges.map(({ text }) => text).join(', ')}), so hosts have no way to it; set network.serviceCIDR`,
  }
}
