import type { NodeGateway } from '@ovnkit/cni-api'
import { Store, same } from '@ovnkit/reconcile'

/** How the node stands in gateway mode shared. */
export interface GatewayState {
  /** The NIC, while its bridge holds it. */
  readonly nic: string | undefined
  readonly gateway: NodeGateway | undefined
  /** What a person has to mend: a CamelCase reason and a sentence. */
  readonly problem: { readonly reason: string; readonly message: string } | undefined
}

export type GatewayStore = Store<GatewayState>
/** The only key of the store. */
export const theGateway = 'gateway'

export function createGatewayStore(): GatewayStore {
  const store: GatewayStore = new Store<GatewayState>({
    name: 'gateway',
    equals: same,
  })
  store.replace([[theGateway, { nic: undefined, gateway: undefined, problem: undefined }]])
  return store
}
