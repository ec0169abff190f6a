import type { OwnerKind } from '@ovnkit/reconcile'
import type { HostContext } from '../host/context.ts'
import { renderHostPorts } from './host-ports.ts'
import { renderService } from './service.ts'
import { renderServiceSkeleton } from './skeleton.ts'

/** Owners of what the host does for Services and hostPorts: what all share, each Service, each pod with hostPorts. */
export function serviceKinds(context: HostContext): OwnerKind[] {
  const { node, services, published } = context
  return [
    { kind: 'services', keys: [node], render: (_, view) => renderServiceSkeleton(context, view), order: 3 },
    { kind: 'service', keys: services, render: (key, view) => renderService(context, key, view), order: 4 },
    { kind: 'host-port', keys: published, render: (key, view) => renderHostPorts(published, key, view), order: 4 },
  ]
}
