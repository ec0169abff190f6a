import type { LabRecord } from './record.ts'

/** Addresses and names that follow from a lab's record. */
export interface Plan {
  /** Link of the host that leads into the lab. */
  readonly uplink: string
  readonly hostAddress: string
  readonly controlAddress: string
  readonly prefixLength: number
  readonly server: string
  readonly nb: string
  readonly sb: string
  /** The first address of the Service range: the API server's own Service. */
  readonly kubernetesService: string
  /** Path of the lab's control groups below every hierarchy. */
  readonly cgroup: string
  nodeAddress(node: string): string
  nodeAddress6(node: string): string
}

export function planOf(record: LabRecord): Plan {
  const network = `192.168.${record.slot}`
  const controlAddress = `${network}.1`
  return {
    uplink: `ovnkit${record.slot}`,
    hostAddress: `${network}.254`,
    controlAddress,
    prefixLength: 24,
    server: `https://${controlAddress}:6443`,
    nb: `tcp:${controlAddress}:6641`,
    sb: `tcp:${controlAddress}:6642`,
    kubernetesService: record.serviceCidr.replace(/\.\d+\/\d+$/, '.1'),
    cgroup: `ovnkit-lab-${record.name}`,
    nodeAddress: node => `${network}.${11 + indexOf(record, node)}`,
    nodeAddress6: node => `fd00:${record.slot.toString(16)}::${(11 + indexOf(record, node)).toString(16)}`,
  }
}

function indexOf(record: LabRecord, node: string): number {
  const index = record.nodes.indexOf(node)
  if (index < 0) throw new Error(`lab ${record.name} has no node ${node}; it has ${record.nodes.join(', ')}`)
  return index
}
