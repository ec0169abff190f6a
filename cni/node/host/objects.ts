import { managedBy } from '@ovnkit/cni-api'
import { kubeDesires } from '@ovnkit/kube'
import { OvsdbObjects } from '@ovnkit/reconcile'

/** Names of the engine's targets. */
export const targets = { ovs: 'ovs', kubernetes: 'kubernetes' } as const
/** Apart: where its resource may not be read, everything else goes on. */
export const namesTarget = 'names'

export const ovs = new OvsdbObjects({ target: targets.ovs, namespace: managedBy })
export const kubernetes = kubeDesires(targets.kubernetes)
