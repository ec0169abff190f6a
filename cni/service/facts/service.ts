import { type IpAddress, ipFamily, tryParseIp } from '@ovnkit/inet'
import type { Intern, Service } from '@ovnkit/kube'
import { type BalancerFacts, balancerFacts, writtenOn } from './load-balancer.ts'
import { type Protocol, protocolOf } from './protocol.ts'

/** Another proxy serves a Service with this label, whatever its value (KEP-2447). */
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name'

/** For list and watch: Services that another proxy serves are none of ours. */
export const serviceSelector = `!${proxyNameLabel}`

/** `sessionAffinityConfig.clientIP.timeoutSeconds` where nothing is said (core/v1). */
const defaultAffinitySeconds = 10_800

export interface ServicePort {
  /** Empty for the only port of a Service. Slices name their ports the same way. */
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
  /** 0: none. */
  readonly nodePort: number
}

/** An address that a load balancer has for the Service. */
export interface Ingress {
  readonly ip: IpAddress
  /** `Proxy`: packets arrive with another destination, or from a proxy; the address itself is not ours to serve (KEP-1860). */
  readonly mode: 'VIP' | 'Proxy'
}

/** What is kept of a Service that has virtual addresses: neither headless ones nor ExternalName are here. */
export interface ServiceFacts {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer'
  /** One, or one of each family in the Service's own order. */
  readonly clusterIPs: readonly IpAddress[]
  readonly ports: readonly ServicePort[]
  readonly externalIPs: readonly IpAddress[]
  readonly ingress: readonly Ingress[]
  /** Undefined: whoever is the cluster's default. */
  readonly loadBalancerClass: string | undefined
  /** `loadBalancerSourceRanges` as written, surrounding blanks removed; empty: everybody may. */
  readonly sourceRanges: readonly string[]
  /** Seconds for which a client stays with its endpoint; 0: no affinity. Up to 86,400. */
  readonly affinity: number
  /** externalTrafficPolicy Local: from outside only to endpoints of the node where the packet arrived. */
  readonly externalLocal: boolean
  /** internalTrafficPolicy Local: from within only to endpoints of the client's own node. */
  readonly internalLocal: boolean
  /** Readiness of endpoints is disregarded. */
  readonly publishNotReady: boolean
  /** 0: none. */
  readonly healthCheckNodePort: number
  /** Of type LoadBalancer, and addresses of ours are asked for. */
  readonly balancer?: BalancerFacts
  /** Annotations that the controller has written, also while it was of type LoadBalancer. */
  readonly written?: Readonly<Record<string, string>>
}

/** @returns undefined for a Service without virtual addresses (headless, ExternalName) and one that another proxy serves */
export function serviceFacts(service: Service, intern: Intern = text => text): ServiceFacts | undefined {
  const { metadata = {}, spec = {}, status } = service
  if (spec.type === 'ExternalName' || metadata.labels?.[proxyNameLabel] !== undefined) return undefined
  const clusterIPs = addresses(spec.clusterIPs ?? [spec.clusterIP ?? ''])
  if (clusterIPs.length === 0) return undefined
  const balancer = balancerFacts(service)
  const written = writtenOn(service)
  return {
    namespace: intern(metadata.namespace ?? ''),
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    type: spec.type === 'NodePort' || spec.type === 'LoadBalancer' ? spec.type : 'ClusterIP',
    clusterIPs,
    ports: portsOf(spec.ports ?? [], intern),
    externalIPs: addresses(spec.externalIPs ?? []),
    ingress: spec.type === 'LoadBalancer' ? ingressOf(status) : none,
    loadBalancerClass: spec.loadBalancerClass,
    sourceRanges: spec.loadBalancerSourceRanges?.map(range => range.trim()) ?? none,
    affinity:
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
        : 0,
    externalLocal: spec.externalTrafficPolicy === 'Local',
    internalLocal: spec.internalTrafficPolicy === 'Local',
    publishNotReady: spec.publishNotReadyAddresses === true,
    healthCheckNodePort: spec.healthCheckNodePort ?? 0,
    ...(balancer && { balancer }),
    ...(written && { written }),
  }
}

/** Most Services have none of most lists: they share this one. */
const none: readonly never[] = []

function addresses(texts: readonly string[]): readonly IpAddress[] {
  const found = texts.flatMap(text => tryParseIp(text) ?? [])
  return found.length === 0 ? none : found
}

function portsOf(ports: NonNullable<NonNullable<Service['spec']>['ports']>, intern: Intern): ServicePort[] {
  return ports.flatMap(({ name = '', protocol, port, nodePort = 0 }) => {
    const known = protocolOf(protocol)
    return known === undefined ? [] : [{ name: intern(name), protocol: known, port, nodePort }]
  })
}

/**
 * Addresses outside of the Service ranges that the Service is served at, each once. Those of mode Proxy are served by somebody in front (KEP-1860), those of a family that the
 * Service does not have by nobody.
 */
export function externalAddresses({ clusterIPs, externalIPs, ingress }: ServiceFacts): IpAddress[] {
  const families = new Set(clusterIPs.map(ipFamily))
  const all = [...externalIPs, ...ingress.flatMap(({ ip, mode }) => (mode === 'VIP' ? [ip] : []))]
  return [...new Set(all)].filter(ip => families.has(ipFamily(ip)))
}

function ingressOf(status: Service['status']): readonly Ingress[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '', ipMode }) => {
    const address = tryParseIp(ip)
    return address === undefined
      ? []
      : [{ ip: address, mode: ipMode === 'Proxy' ? ('Proxy' as const) : ('VIP' as const) }]
  })
}
