import { parseCidrs, type Subnet } from '@ovnkit/cni-api'
import { type Cidr, InetError } from '@ovnkit/inet'

/** What the agent keeps of a Subnet. */
export interface SubnetFacts {
  /** IPv4 first; none while the Subnet is not usable. */
  readonly ranges: readonly Cidr[]
  /** Pods reach the world through the logical router; else through the provider's network or ZStack's router. */
  readonly overlay: boolean
}

export function subnetFacts({ spec, status }: Subnet): SubnetFacts {
  const overlay = spec.externalLogicalSwitch === undefined && spec.provider === undefined && spec.vlanID === undefined
  return { ranges: status?.phase === 'Failed' ? [] : ranges(spec.cidr), overlay }
}

function ranges(text: string): readonly Cidr[] {
  try {
    return parseCidrs(text)
  } catch (error) {
    if (error instanceof InetError) return []
    throw error
  }
}

export function sameSubnet(a: SubnetFacts, b: SubnetFacts): boolean {
  return a.overlay === b.overlay && a.ranges.map(r => r.text).join() === b.ranges.map(r => r.text).join()
}
