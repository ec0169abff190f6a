import type { Metrics } from '@ovnkit/process'
import type { Controller } from './controller.ts'

/** Shows what the controller counts, read when somebody asks. Names are those that the documents promise. */
export function observeController(metrics: Metrics, controller: Controller): void {
  const available = metrics.gauge({
    name: 'allocator_available_ips',
    help: 'Pods that still fit into a Subnet.',
    labels: ['subnet'],
  })
  const used = metrics.gauge({ name: 'allocator_used_ips', help: 'Addresses of a Subnet in use.', labels: ['subnet'] })
  const held = metrics.gauge({
    name: 'allocator_held_pods',
    help: 'Pods gone whose addresses are kept until nothing claims their ports.',
  })
  const waiting = metrics.gauge({ name: 'allocator_waiting_pods', help: 'Pods that have no address yet.' })
  const connected = metrics.gauge({
    name: 'ovn_db_connection_status',
    help: '1 while the database is followed.',
    labels: ['database'],
  })
  const leading = metrics.gauge({ name: 'controller_leading', help: '1 while this process writes.' })
  const engine = metrics.gauge({
    name: 'controller_engine',
    help: 'Counts of the engine since this process leads.',
    labels: ['count'],
  })
  let shown = new Set<string>()
  metrics.collect(() => {
    connected.set(Number(controller.nb.connected), { database: 'nb' })
    connected.set(Number(controller.sb.connected), { database: 'sb' })
    const { session } = controller
    leading.set(Number(session !== undefined))
    if (session === undefined) return
    held.set(session.allocator.held)
    waiting.set(session.allocator.waiting)
    for (const [count, value] of Object.entries(session.engine.stats)) engine.set(value, { count })
    const now = new Set<string>()
    for (const [key, usage] of session.allocator.usage.entries()) {
      const subnet = session.planner.networks.get(key)?.subnet ?? key
      now.add(subnet)
      available.set(usage.available, { subnet })
      used.set(usage.used, { subnet })
    }
    for (const subnet of shown) {
      if (now.has(subnet)) continue
      available.remove({ subnet })
      used.remove({ subnet })
    }
    shown = now
  })
}
