import { managementInterface } from '@ovnkit/cni-api'
import { NftChain } from '@ovnkit/linux'
import type { Rendered } from '@ovnkit/reconcile'
import type { HostContext } from './context.ts'
import { hostTable, nftFamilies } from './table.ts'

/**
 * Gateway mode local: what pods send to anywhere else leaves with the host's address. Anywhere else is every way but
 * the management port, by which answers and traffic to other pods go.
 */
export function renderMasquerade({ config }: HostContext): Rendered {
  if (config.gateway.mode !== 'local') return { kind: 'objects', objects: [] }
  const rules = nftFamilies.map(
    ({ family, ip }) => `oifname != "${managementInterface}" ${ip} saddr @overlay${family} masquerade fully-random`,
  )
  const hook = { type: 'nat', hook: 'postrouting', priority: 100 } as const
  return { kind: 'objects', objects: [new NftChain({ table: hostTable, name: 'masquerade-pods', hook, rules })] }
}
