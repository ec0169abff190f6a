import type { HostContext } from '../host/context.ts'
import { tryAgain } from '../server/cni-error.ts'

/**
 * Resolves when the node reaches the provider network of a Subnet, at once where the Subnet needs none. Rejects with CniError 11 when the signal aborts first:
 * a pod is not started into a network that is not there.
 */
export async function providerReady(
  context: HostContext,
  subnet: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const provider = subnet === undefined ? undefined : context.subnets.get(subnet)?.provider
  if (provider === undefined) return
  const { providerStates } = context
  const isReady = () => providerStates.get(provider)?.ready === true
  if (isReady()) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  using _ = providerStates.subscribe(() => isReady() && resolve())
  const onAbort = () => {
    const text = providerStates.get(provider)?.message || `ProviderNetwork ${provider} names no interface of this node`
    reject(tryAgain(`provider network ${provider} of Subnet ${subnet} is not ready on this node`, text))
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
