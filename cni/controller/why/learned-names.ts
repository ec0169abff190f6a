import { resolvedNames } from '@ovnkit/cni-api'
import { tryParseIp } from '@ovnkit/inet'
import { isApiError, type KubeClient } from '@ovnkit/kube'

/** Domain names of policies by the addresses that nodes have learned of them. A cluster without the definition has none. */
export async function namesByAddress(client: KubeClient): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  for (const { status } of await listed(client))
    for (const { name, addresses } of status?.names ?? [])
      for (const { address } of addresses) {
        const key = tryParseIp(address) ?? address
        found.set(key, [...(found.get(key) ?? []), name])
      }
  return found
}

async function listed(client: KubeClient) {
  try {
    return (await client.list(resolvedNames)).items
  } catch (error) {
    if (isApiError(error, 'notFound')) return []
    throw error
  }
}
