import { parseCidrs, type Subnet } from '@ovnkit/cni-api'
import { type Cidr, InetError } from '@ovnkit/inet'

/** What the agent keeps of a Subnet. */
export interface SubnetFacts {
  /** IPv4 first; none while the Subnet is not usable. */
  readonly ranges: readonly Cidr[]
  /** Pods reach the world through the logical router; else through the provider's network or ZStack's router. */
  readonly overlay: boolean
  /** What leaves the cluster gets the node's address. */
  readonly natOutgoing: boolean
  /** The provider network that carries an underlay Subnet, and the VLAN there; 0: untagged. */
  readonly provider?: string | undefined
  readonly vlan?: number | undefined
}

export function subnetFacts({ spec, status }: Subnet): SubnetFacts {
  const overlay = spec.externalLogicalSwitch === undefined && spec.provider === undefined && spec.vlanID === undefined
  // One that cannot be as it is written now, but is in use, keeps its network.
  const usable = status?.phase !== 'Failed' || status.logicalSwitch !== undefined
  const { provider, vlanID: vlan = 0 } = spec
  return {
    ranges: usable ? ranges(spec.cidr) : [],
    overlay,
    natOutgoing: spec.natOutgoing !== false,
    ...(provider && { provider, vlan }),
  }
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
  return (
    a.overlay === b.overlay &&
    a.provider === b.provider &&
    a.vlan === b.vlan &&
    a.natOutgoing === b.natOutgoing &&
    a.ranges.map(r => r.text).join() === b.ranges.map(r => r.text).join()
  )
}
