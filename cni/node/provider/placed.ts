import type { HostContext } from '../host/context.ts'
import { tryAgain } from '../server/cni-error.ts'
import { whenFound } from '../when.ts'

/**
 * Resolves when the node reaches the provider network of a Subnet, at once where the Subnet needs none. Rejects with CniError 11 when the signal aborts first:
 * a pod is not started into a network that is not there.
 */
export async function providerReady(
  { subnets, providerStates }: HostContext,
  subnet: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const provider = subnet === undefined ? undefined : subnets.get(subnet)?.provider
  if (provider === undefined) return
  await whenFound(() => providerStates.get(provider)?.ready || undefined, {
    followed: [providerStates],
    signal,
    late: () => {
      const text =
        providerStates.get(provider)?.message || `ProviderNetwork ${provider} names no interface of this node`
      return tryAgain(`provider network ${provider} of Subnet ${subnet} is not ready on this node`, text)
    },
  })
}
