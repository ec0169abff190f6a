import {
  annotationNames,
  formatAddressConflicts,
  formatNodeGateway,
  formatProviderStates,
  sbRemote,
} from '@ovnkit/cni-api'
import type { IpAddress } from '@ovnkit/inet'
import { resources } from '@ovnkit/kube'
import type { Desired, Rendered, View } from '@ovnkit/reconcile'
import type { HostLink } from '../facts/host.ts'
import type { NodeFacts } from '../facts/node.ts'
import { type SwitchFacts, theSwitch } from '../facts/switch.ts'
import { theGateway } from '../gateway/store.ts'
import { theKubeProxy } from '../services/kube-proxy.ts'
import { vhostContext, vhostProblem } from '../vhost/capability.ts'
import { ownKeys, withNote } from './chassis-keys.ts'
import { type HostContext, linksOf } from './context.ts'
import { chooseTunnel, type Encap, findEncap, podMtu } from './encap.ts'
import { kubernetes, ovs } from './objects.ts'

/** Reason of a node that cannot take part in the OVN that it is given: nobody is served before that is mended. */
export const noTunnel = 'NoTunnel'

/** The node as a chassis of OVN: keys of ours in the switch's external_ids, and what the controller has to know of it. */
export function renderChassis(context: HostContext, view: View): Rendered {
  const node = view.get(context.nodes, context.node)
  const local = view.get(context.switches, theSwitch)
  if (node === undefined) return { kind: 'wait', reason: 'NoNode', message: `Node ${context.node} does not exist` }
  if (local === undefined)
    return { kind: 'wait', reason: 'NoSwitch', message: 'the local Open vSwitch is not known yet' }
  const links = linksOf(view, context.links)
  const encap = findEncap(context.config, node, links)
  if ('problem' in encap) return { kind: 'wait', reason: 'NoTunnelAddress', message: encap.problem }
  if (local.systemId === undefined)
    return { kind: 'wait', reason: 'NoSystemId', message: 'the switch has no system-id yet' }
  const tunnel = chooseTunnel(context.config, node.annotations, local.encapType)
  if (tunnel.type === undefined) {
    if (tunnel.problem !== undefined) return { kind: 'invalid', reason: noTunnel, message: tunnel.problem }
    const message = 'the controller has not said yet whether VXLAN may be used'
    return { kind: 'wait', reason: 'NoTunnelType', message }
  }
  const place = view.get(context.gateway, theGateway)?.gateway
  const names = annotationNames.node
  const conflicts = [...view.keys(context.conflicts)].flatMap(address => view.get(context.conflicts, address) ?? [])
  const { elements, problems, foreign } = externalIds(context, local, encap, tunnel.type)
  const annotations = kubernetes.annotations(
    { resource: resources.nodes, name: context.node, uid: node.uid },
    {
      [names.chassis]: local.systemId,
      [names.foreignChassis]: foreign ? 'true' : undefined,
      [names.tunnelIp]: encap.ip,
      [names.addresses]: hostAddresses(node, links).join(','),
      [names.mtu]: String(podMtu(context.config, encap, tunnel.type)),
      [names.kubeProxy]: view.get(context.kubeProxy, theKubeProxy),
      [names.providerNetworks]: statesOf(context, view),
      [names.gateway]: place && formatNodeGateway(place),
      [names.addressConflicts]: formatAddressConflicts(conflicts),
      [names.dpdk]: context.config.dpdk.enabled ? (vhostProblem(vhostContext(context, local)) ?? 'ready') : undefined,
    },
  )
  const objects: Desired[] = [...elements, annotations]
  if (problems.length > 0) return { kind: 'invalid', reason: 'ForeignChassis', message: problems.join('; '), objects }
  if (tunnel.problem !== undefined)
    return { kind: 'invalid', reason: 'TunnelTypeRefused', message: tunnel.problem, objects }
  const message = tunnelProblem(local, encap)
  if (message !== undefined) return { kind: 'invalid', reason: 'TunnelOutsideUserspaceBridge', message, objects }
  return { kind: 'objects', objects }
}

/** How the node fares with provider networks; nothing where it has none. */
function statesOf({ providerStates }: HostContext, view: View): string | undefined {
  const states = [...view.keys(providerStates)].flatMap(name => {
    const state = view.get(providerStates, name)
    return state === undefined ? [] : [[name, state] as const]
  })
  return states.length === 0 ? undefined : formatProviderStates(Object.fromEntries(states))
}

/** ovn-controller(8), "CONFIGURATION". Keys that are not named stay as others have set them; in external mode all of theirs do. */
function externalIds({ config }: HostContext, local: SwitchFacts, encap: Encap, type: string) {
  const values: Record<string, string> = {
    'ovn-remote': sbRemote(config),
    'ovn-encap-type': type,
    'ovn-encap-ip': encap.ip,
    'ovn-monitor-all': String(config.ovn.monitorAll),
  }
  if (local.datapath === 'netdev') values['ovn-bridge-datapath-type'] = 'netdev'
  const row = { table: 'Open_vSwitch' }
  const shared = config.ovn.mode === 'external'
  const { ours, problems } = shared ? ownKeys(values, local.chassisKeys) : { ours: withNote(values), problems: [] }
  const elements = Object.entries(ours).map(([key, value]) => ovs.element({ row, column: 'external_ids', key, value }))
  return { elements, problems, foreign: !('ovn-remote' in ours) }
}

/** The userspace datapath sends tunnels only through its own bridges: from elsewhere they silently do not leave. */
function tunnelProblem(local: SwitchFacts, encap: Encap): string | undefined {
  if (local.datapath !== 'netdev' || local.netdevBridges.includes(encap.link)) return undefined
  return (
    `tunnels of the userspace datapath cannot leave through ${encap.link}, which has the tunnel address ${encap.ip}: ` +
    `put ${encap.link} into a bridge with datapath_type=netdev and move its address to the bridge, ` +
    'or set tunnel.encapIP to an address on such a bridge'
  )
}

/** Every address that pods may call the node by. Those of the pods' own side are none. */
function hostAddresses(node: NodeFacts, links: readonly HostLink[]): readonly IpAddress[] {
  const others = links.filter(({ name }) => !isVirtual(name)).flatMap(({ addresses }) => addresses)
  return [...new Set([...node.internalIps, ...others])]
}

/** Bridges of container engines, interfaces that hold Services' addresses, and our own link: the same addresses on every node, or none of the host's. */
function isVirtual(link: string): boolean {
  return /^(ovn-|docker|cni|virbr|kube-ipvs|nodelocaldns|br-int$|lo$)/.test(link)
}
