import { type Cidr, InetError, parseCidr } from '@ovnkit/inet'
import type { ServiceCIDR } from '@ovnkit/kube'

/** The ranges of a ServiceCIDR object. It counts from its creation to its end: Services may have addresses in it until it is gone. */
export function serviceRangesOf({ spec }: ServiceCIDR): readonly Cidr[] {
  return (spec?.cidrs ?? []).flatMap(text => {
    try {
      return [parseCidr(text, { hostBits: 'mask' })]
    } catch (error) {
      if (error instanceof InetError) return []
      throw error
    }
  })
}
