import { type Bandwidth, podPortName } from '@ovnkit/cni-api'
import { equals, type OvnRow, rateLimit } from '@ovnkit/ovn'
import type { PodPlace } from '../facts/pod.ts'
import type { Network } from '../subnet/network.ts'
import { qosPriority, switchOf } from './layout.ts'
import { podRowKey } from './pod.ts'

/** What a pod may receive and send in a second, as rules of its network's switch: with every other end, those on its own node too. */
export function bandwidthRows(pod: PodPlace, network: Network, { ingress, egress }: Bandwidth): OvnRow[] {
  const port = podPortName(pod.namespace, pod.name)
  const common = { on: switchOf(network, 'qos_rules'), priority: qosPriority.pod }
  const key = (direction: string) => `${podRowKey(pod)}/${direction}`
  const rows = [
    ingress !== undefined &&
      rateLimit({ ...common, key: key('in'), direction: 'to-lport', match: equals('outport', port), rate: ingress }),
    egress !== undefined &&
      rateLimit({ ...common, key: key('out'), direction: 'from-lport', match: equals('inport', port), rate: egress }),
  ]
  return rows.filter(row => row !== false && row !== undefined)
}
