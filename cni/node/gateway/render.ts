import { NftChain } from '@ovnkit/linux'
import type { Desired, Rendered, View } from '@ovnkit/reconcile'
import { theSwitch } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import { hostTable } from '../host/table.ts'
import { theGateway } from './store.ts'

/** Before everybody else's, conntrack too. */
const first = -500

/**
 * What the kernel has to know of the NIC in its bridge. A bridge of the userspace datapath gets copies of the NIC's packets: what the kernel would do with them
 * itself (refuse the answers to pods, which it knows nothing of) must not happen.
 */
export function renderGateway(context: HostContext, view: View): Rendered {
  const { nic, problem } = view.get(context.gateway, theGateway) ?? {}
  const copied = nic !== undefined && view.get(context.switches, theSwitch)?.datapath === 'netdev'
  const objects: Desired[] = copied
    ? [
        new NftChain({
          table: hostTable,
          name: 'gateway-nic',
          hook: { type: 'filter', hook: 'prerouting', priority: first },
          rules: [`iifname "${nic}" drop`],
        }),
      ]
    : []
  return problem === undefined ? { kind: 'objects', objects } : { kind: 'invalid', ...problem, objects }
}
