import type { ProviderNetwork } from '@ovnkit/cni-api'

/** What the controller keeps of a ProviderNetwork; the nodes' agents do the rest. */
export interface ProviderFacts {
  readonly uid: string
  readonly generation: number
  readonly status: Readonly<Record<string, unknown>> | undefined
}

export function providerFacts({ metadata = {}, status }: ProviderNetwork): ProviderFacts {
  return { uid: metadata.uid ?? '', generation: metadata.generation ?? 0, status: status && { ...status } }
}
