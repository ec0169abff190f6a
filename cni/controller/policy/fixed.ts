import { hairpinSources, nodePortName } from '@ovnkit/cni-api'
import { logMeter } from '@ovnkit/cni-policy'
import { ipFamily } from '@ovnkit/inet'
import {
  type AclSpec,
  acl,
  and,
  equals,
  inPortGroup,
  isChassisResident,
  type Match,
  meter,
  type OvnRow,
  oneOf,
  portGroup,
} from '@ovnkit/ovn'
import type { NodeFacts } from '../facts/node.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { aclPriority, ipFields } from '../render/layout.ts'

/** The port group of all pods that any policy is about. */
export const policedGroup = 'policed'

const families = [4, 6] as const

/** What no policy may take away, and the meter of log lines. */
export function fixedRows(logRate: number, ref: (table: string, key: string) => string): OvnRow[] {
  return [
    portGroup({ key: policedGroup, name: policedGroup }),
    ...meter({ key: logMeter, name: logMeter, rate: logRate, ref }),
    ...families.map(family =>
      always(`hairpin/${family}`, 'to-lport', equals(ipFields[family].src, hairpinSources[family])),
    ),
    // Asked of OVN itself, on the pod's own switch. Isolation is of everything that is IP.
    always(
      'dhcp/4',
      'from-lport',
      and(equals('ip4.dst', '255.255.255.255'), equals('udp.src', 68), equals('udp.dst', 67)),
    ),
    always('dhcp/6', 'from-lport', and(equals('ip6.dst', 'ff02::1:2'), equals('udp.src', 546), equals('udp.dst', 547))),
  ]
}

/**
 * A node reaches its own pods, whatever policies say (networking.k8s.io/v1, NetworkPolicySpec): probes of its kubelet, its agents. Where a pod is, is asked of
 * the chassis: nothing has to be written when a pod comes. Traffic of others that the node brings to a Service has another source.
 */
export const nodeRows = (node: NodeFacts, { addresses }: JoinPlace): OvnRow[] =>
  families.flatMap(family => {
    const own = [...addresses, ...node.addresses].filter(address => ipFamily(address) === family)
    if (own.length === 0) return []
    const source = oneOf(ipFields[family].src, [...new Set(own)])
    const here = isChassisResident(nodePortName(node.name))
    return [always(`node/${node.name}/${family}`, 'to-lport', and(source, here))]
  })

function always(key: string, direction: AclSpec['direction'], match: Match): OvnRow {
  return acl({
    key: `${policedGroup}/${key}`,
    on: { table: 'Port_Group', key: policedGroup, column: 'acls' },
    direction,
    priority: aclPriority.always,
    match: and(inPortGroup(direction === 'to-lport' ? 'outport' : 'inport', policedGroup), match),
    action: 'allow-related',
    afterBalancers: direction === 'from-lport',
  })
}
