import type { ProviderNetwork, ProviderNetworkSpec, ProviderNodeStatus } from '@ovnkit/cni-api'
import { Store, same } from '@ovnkit/reconcile'

/** What the agent keeps of a ProviderNetwork. */
export type ProviderFacts = ProviderNetworkSpec

export const providerFacts = ({ spec }: ProviderNetwork): ProviderFacts => spec

export const createProviderStore = (): Store<ProviderFacts> =>
  new Store<ProviderFacts>({ name: 'provider networks', equals: same })

/** How this node fares with a provider network. */
export type ProviderState = Omit<ProviderNodeStatus, 'node'>

export const createStateStore = (): Store<ProviderState> =>
  new Store<ProviderState>({ name: 'provider states', equals: same })

/** Key in a bridge's `external_ids`: the provider network that it carries. */
export const providerKey = 'zstack.io/provider'
