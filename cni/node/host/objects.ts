import { managedBy } from '@ovnkit/cni-api'
import { kubeDesires } from '@ovnkit/kube'
import { OvsdbObjects } from '@ovnkit/reconcile'

/** Names of the engine's targets. */
export const targets = { ovs: 'ovs', kubernetes: 'kubernetes' } as const

export const ovs = new OvsdbObjects({ target: targets.ovs, namespace: managedBy })
export const kubernetes = kubeDesires(targets.kubernetes)
