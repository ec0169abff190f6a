import type { Config } from '@ovnkit/cni-api'
import type { Cidr } from '@ovnkit/inet'
import type { EventRecorder } from '@ovnkit/kube'
import type { Store } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { ChassisWatch } from '../ovn/chassis.ts'
import type { Northbound } from '../ovn/northbound.ts'
import type { AffinityChoice } from './affinity.ts'
import { allServices } from './ranges.ts'
import { ServiceReporter, userspaceNodes } from './reporter.ts'
import type { ServiceSources } from './sources.ts'

/** The server has Chassis_Template_Var: OVN 22.12 and later. */
export const hasTemplates = (nb: Northbound): boolean => nb.table('Chassis_Template_Var').has('variables')

/** As configured; older servers have no affinity with a timeout. */
export const affinityChoice = ({ service }: Config, nb: Northbound): AffinityChoice =>
  hasTemplates(nb) ? service.sessionAffinity : 'hash'

/** Tells the owners of Services what they should know, from now on. */
export function reportServices(
  options: {
    readonly config: Config
    readonly sources: Pick<ServiceSources, 'services' | 'slices'> & { readonly nodes: Store<NodeFacts, 'chassis'> }
    readonly nb: Northbound
    readonly chassis: ChassisWatch
    readonly events: EventRecorder
  },
  ranges: Store<readonly Cidr[]>,
): ServiceReporter {
  const { config, nb, chassis, events } = options
  const { services, slices, nodes } = options.sources
  return new ServiceReporter({
    services,
    slices,
    events,
    further: [ranges, chassis.store],
    context: {
      affinity: affinityChoice(config, nb),
      templates: hasTemplates(nb),
      get ranges() {
        return ranges.get(allServices) ?? []
      },
      userspaceNodes: () => userspaceNodes(chassis.store, nodes),
    },
  })
}
