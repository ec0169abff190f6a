import { type Announce, type EgressIP, egressIPs, type LoadBalancerPool, loadBalancerPools } from '@ovnkit/cni-api'
import { type ServiceFacts, serviceFacts, serviceSelector } from '@ovnkit/cni-service'
import { type IpAddress, tryParseIp } from '@ovnkit/inet'
import { type KubeClient, type LabelSelector, type Mirror, mirror, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'

/** How an address is announced. */
export interface Announcing {
  readonly announce: Announce
  /** Interface to announce on; empty: the one whose network has the address. */
  readonly link: string
}

/** What the agent keeps of an EgressIP. */
export interface EgressFacts extends Announcing {
  /** Its addresses, and where they live. */
  readonly items: readonly { readonly address: IpAddress; readonly node: string }[]
  /** Destinations, as written, to which they are no source. */
  readonly excluded: readonly string[]
  /** Nodes that may hold them; without it all. */
  readonly nodeSelector: LabelSelector | undefined
}

export interface FloatingSources {
  readonly egressIPs: Store<EgressFacts>
  readonly pools: Store<Announcing>
  /** Services of type LoadBalancer, among others. */
  readonly balancers: Store<ServiceFacts>
  readonly mirrors: readonly Mirror[]
}

export interface FloatingSourceOptions {
  readonly client: KubeClient
  /** The Services that are followed anyway; undefined: none are, as a kube-proxy serves them. */
  readonly services: Store<ServiceFacts> | undefined
  readonly signal: AbortSignal
  readonly logger: Logger
}

/** Follows what may put an address onto this node. */
export function followFloating({ client, services, signal, logger }: FloatingSourceOptions): FloatingSources {
  const common = { client, signal, logger }
  const egress = new Store<EgressFacts>({ name: 'egress IPs', equals: same })
  const pools = new Store<Announcing>({ name: 'pools', equals: same })
  const mirrors: Mirror[] = [
    mirror({ ...common, resource: egressIPs, store: egress, trim: egressFacts }),
    mirror({
      ...common,
      resource: loadBalancerPools,
      store: pools,
      trim: ({ spec }: LoadBalancerPool) => announcing(spec),
    }),
  ]
  if (services !== undefined) return { egressIPs: egress, pools, balancers: services, mirrors }
  const balancers = new Store<ServiceFacts>({ name: 'balanced services', equals: same })
  mirrors.push(
    mirror({
      ...common,
      resource: resources.services,
      labelSelector: serviceSelector,
      store: balancers,
      trim: (service, intern) => {
        const facts = serviceFacts(service, intern)
        return facts?.balancer === undefined ? undefined : facts
      },
    }),
  )
  return { egressIPs: egress, pools, balancers, mirrors }
}

function egressFacts({ spec, status }: EgressIP): EgressFacts {
  const items = (status?.items ?? []).flatMap(({ address, node }) => {
    const ip = tryParseIp(address)
    return ip === undefined ? [] : [{ address: ip, node }]
  })
  return { ...announcing(spec), items, excluded: spec.excludedCIDRs ?? [], nodeSelector: spec.nodeSelector }
}

const announcing = ({ announce, interface: link }: EgressIP['spec'] | LoadBalancerPool['spec']): Announcing => ({
  announce: announce ?? 'arp',
  link: link ?? '',
})
