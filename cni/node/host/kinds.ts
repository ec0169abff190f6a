import type { OwnerKind, Store } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import { type FloatingWorld, floatingKinds } from '../floating/kinds.ts'
import { renderForwarding } from '../forwarding/render.ts'
import { renderGateway } from '../gateway/render.ts'
import { renderPodRoutes, renderUnderlayMasquerade } from '../provider/pods.ts'
import { renderProvider } from '../provider/render.ts'
import { providerOwner } from '../provider/states.ts'
import { renderWire, wireOwner } from '../provider/wires.ts'
import { serviceKinds } from '../services/kinds.ts'
import { renderKubeProxy } from '../services/kube-proxy.ts'
import { renderChassis } from './chassis.ts'
import type { HostContext } from './context.ts'
import { renderManagement } from './management.ts'
import { renderMasquerade } from './masquerade.ts'
import { renderHostTable } from './table.ts'

/** Owners of the node's set-up, as `status` and logs name them. */
export const hostOwners = {
  chassis: 'chassis',
  management: 'management',
  table: 'host-table',
  masquerade: 'masquerade',
  forwarding: 'forwarding',
  gateway: 'gateway',
  services: 'services',
} as const

/** Everybody who wants something of the host. No two of them may want the same: an annotation of the Node is `chassis`'. */
export function hostKinds(context: HostContext, pods: Store<PodFacts>, floating: FloatingWorld): OwnerKind[] {
  const ofNode = [context.node]
  return [
    { kind: hostOwners.chassis, keys: ofNode, render: (_, view) => renderChassis(context, view) },
    { kind: hostOwners.management, keys: ofNode, render: (_, view) => renderManagement(context, view), order: 1 },
    { kind: hostOwners.table, keys: ofNode, render: (_, view) => renderHostTable(context, view), order: 2 },
    { kind: hostOwners.masquerade, keys: ofNode, render: (_, view) => renderMasquerade(context, view), order: 3 },
    { kind: hostOwners.forwarding, keys: ofNode, render: (_, view) => renderForwarding(context, view), order: 4 },
    { kind: providerOwner, keys: context.providers, render: (name, view) => renderProvider(context, name, view) },
    { kind: wireOwner, keys: context.wires, render: (key, view) => renderWire(context, key, view), order: 1 },
    { kind: 'pod-route', keys: pods, render: (pod, view) => renderPodRoutes(context, pods, pod, view), order: 2 },
    { kind: 'underlay', keys: ofNode, render: (_, view) => renderUnderlayMasquerade(context, view), order: 2 },
    { kind: 'kube-proxy', keys: ofNode, render: (_, view) => renderKubeProxy(context, view), order: 4 },
    { kind: hostOwners.gateway, keys: ofNode, render: (_, view) => renderGateway(context, view), order: 4 },
    ...serviceKinds(context),
    ...floatingKinds(context, floating),
  ]
}
