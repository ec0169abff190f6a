import { annotationNames, externalIds, managedBy, type Subnet } from '@ovnkit/cni-api'

/** What the controller keeps of a Subnet. */
export interface SubnetFacts {
  readonly name: string
  readonly uid: string
  /** Milliseconds since the epoch. */
  readonly created: number
  readonly generation: number
  readonly deleting: boolean
  /** Made by the controller from `network.clusterCIDR`; gives way to a user's Subnet of the same range and gateway. */
  readonly automatic: boolean
  /** `status.interconnectIP`: written once, so it does not make the facts change with every pod. */
  readonly recordedInterconnect?: string | undefined
  /** Port groups that its pods' ports join. */
  readonly securityGroups?: string | undefined
  readonly spec: Subnet['spec']
}

export function subnetFacts({ metadata = {}, spec, status }: Subnet): SubnetFacts {
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    created: Date.parse(metadata.creationTimestamp ?? '') || 0,
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    automatic: metadata.labels?.[externalIds.managedBy] === managedBy,
    recordedInterconnect: status?.interconnectIP,
    securityGroups: metadata.annotations?.[annotationNames.pod.securityGroups],
    spec,
  }
}
