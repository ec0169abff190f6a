import { annotationNames, type Config } from '@ovnkit/cni-api'
import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import { type SwitchFacts, theSwitch } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import { CniError } from '../server/cni-error.ts'

/** What the choice between kernel and vhost-user goes by. */
export interface VhostContext {
  readonly dpdk: Config['dpdk']
  readonly local: Pick<SwitchFacts, 'datapath' | 'dpdk' | 'interfaceTypes'> | undefined
  /** Memory of the node in huge pages, MiB. */
  readonly hugepagesMB: number
}

export const vhostContext = (
  { config, switches, hugepagesMB }: Pick<HostContext, 'config' | 'switches' | 'hugepagesMB'>,
  local = switches.get(theSwitch),
): VhostContext => ({ dpdk: config.dpdk, local, hugepagesMB })

/** Why this node has no vhost-user ports, and what to do; undefined when it has. */
export function vhostProblem({ dpdk, local, hugepagesMB }: VhostContext): string | undefined {
  if (!dpdk.enabled) return 'dpdk.enabled is off in the configuration'
  if (hugepagesMB < dpdk.minHugepagesMB)
    return `the node has ${hugepagesMB} MiB in huge pages, and dpdk.minHugepagesMB asks for ${dpdk.minHugepagesMB}: set vm.nr_hugepages, or the kernel's hugepages=`
  if (local?.datapath === undefined) return 'the integration bridge does not exist yet'
  if (!local.dpdk)
    return 'Open vSwitch runs without DPDK: it must be a build with DPDK (Debian: openvswitch-switch-dpdk) and other_config:dpdk-init=true; dpdk_initialized is false'
  const type = dpdk.socketMode === 'client' ? 'dpdkvhostuserclient' : 'dpdkvhostuser'
  if (!local.interfaceTypes.includes(type))
    return `Open vSwitch has no interfaces of type ${type} (iface_types); dpdk.socketMode chooses the type`
  if (local.datapath !== 'netdev')
    return `the integration bridge has datapath_type ${local.datapath}, and vhost-user needs netdev: set ovs.datapathType to netdev`
  return undefined
}

/**
 * Whether a pod gets a vhost-user port, by its annotation: `vhost-user` always, `auto` where the node has them, `kernel` or none never.
 * @throws CniError 7 where the annotation is none of these, or asks for what the node has not
 */
export function wantsVhost(wish: string | undefined, context: () => VhostContext): boolean {
  if (wish === undefined || wish === 'kernel') return false
  if (wish !== 'vhost-user' && wish !== 'auto')
    throw refused(`expected kernel, vhost-user or auto, got "${wish}"`, undefined)
  const problem = vhostProblem(context())
  if (problem !== undefined && wish === 'vhost-user')
    throw refused('this node has no vhost-user ports for the pod', problem)
  return problem === undefined
}

const refused = (text: string, why: string | undefined) =>
  new CniError(cniErrors.invalidConfig, `annotation ${annotationNames.pod.interfaceType}: ${text}`, why)
