import { managementInterface } from '@ovnkit/cni-api'
import { NftChain } from '@ovnkit/linux'
import type { Rendered, View } from '@ovnkit/reconcile'
import { type HostContext, subnetsOf } from './context.ts'
import { hostTable, nftFamilies, rangeSets } from './table.ts'

/**
 * What pods of overlay Subnets send to anywhere else leaves with the host's address, unless the Subnet or the destination is to see their own. Anywhere
 * else is every way but the management port, by which answers and traffic to other pods go.
 */
export function renderMasquerade({ config, subnets }: HostContext, view: View): Rendered {
  const translated = subnetsOf(view, subnets).flatMap(({ overlay, natOutgoing, ranges }) =>
    overlay && natOutgoing ? ranges : [],
  )
  const rules = nftFamilies.map(
    ({ family, ip }) =>
      `oifname != "${managementInterface}" ${ip} saddr @translated${family} ${ip} daddr != @untranslated${family} masquerade fully-random`,
  )
  const hook = { type: 'nat', hook: 'postrouting', priority: 100 } as const
  const objects = [
    ...rangeSets('translated', translated),
    ...rangeSets('untranslated', config.gateway.excludedCIDRs),
    new NftChain({ table: hostTable, name: 'masquerade-pods', hook, rules }),
  ]
  return { kind: 'objects', objects }
}
