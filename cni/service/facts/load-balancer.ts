import { annotationNames, loadBalancerClass } from '@ovnkit/cni-api'
import { type Family, type IpAddress, tryParseIp } from '@ovnkit/inet'
import type { Labels, Service } from '@ovnkit/kube'

/** What a Service of type LoadBalancer asks for, when it asks us: it names our class or none. */
export interface BalancerFacts {
  /** It names our class: nobody else will serve it. */
  readonly named: boolean
  /** In the Service's own order, as the API server has resolved them. */
  readonly families: readonly Family[]
  /** PreferDualStack: one family will do. */
  readonly preferDual: boolean
  /** `spec.loadBalancerIP` or our annotation, as written; empty: any address. */
  readonly addresses: readonly string[]
  /** Name of the LoadBalancerPool asked for; empty: any. */
  readonly pool: string
  readonly labels: Labels
  /** Milliseconds since the epoch. */
  readonly created: number
  /** `status.loadBalancer.ingress` as it is. */
  readonly ingress: readonly unknown[]
  /** By our annotations: the pool that the addresses are of, and the node that holds them; empty: none. */
  readonly recordedPool: string
  readonly node: string
}

const { recordedPool, loadBalancerNode } = annotationNames.service

/** Annotations of a Service that the controller writes. */
export const writtenAnnotations = [recordedPool, loadBalancerNode] as const

/** Those that a Service has, of whatever type it is now; undefined: none. */
export function writtenOn({ metadata }: Service): Readonly<Record<string, string>> | undefined {
  const found = writtenAnnotations.flatMap(name => {
    const value = metadata?.annotations?.[name]
    return value === undefined ? [] : [[name, value]]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** @returns undefined for a Service of another type, or of another controller's class */
export function balancerFacts({ metadata = {}, spec = {}, status }: Service): BalancerFacts | undefined {
  if (spec.type !== 'LoadBalancer') return undefined
  if (spec.loadBalancerClass !== undefined && spec.loadBalancerClass !== loadBalancerClass) return undefined
  const names = annotationNames.service
  const { annotations = {} } = metadata
  const wish = annotations[names.loadBalancerIps] ?? spec.loadBalancerIP ?? ''
  return {
    named: spec.loadBalancerClass !== undefined,
    families: (spec.ipFamilies ?? []).map(family => (family === 'IPv6' ? 6 : 4)),
    preferDual: spec.ipFamilyPolicy === 'PreferDualStack',
    addresses: wish.split(',').flatMap(part => (part.trim() === '' ? [] : [part.trim()])),
    pool: annotations[names.loadBalancerPool] ?? '',
    labels: metadata.labels ?? {},
    created: Date.parse(metadata.creationTimestamp ?? '') || 0,
    ingress: status?.loadBalancer?.ingress ?? [],
    recordedPool: annotations[recordedPool] ?? '',
    node: annotations[loadBalancerNode] ?? '',
  }
}

/** The addresses in an ingress list as the API has it. */
export function ingressAddresses(ingress: readonly unknown[]): IpAddress[] {
  return ingress.flatMap(entry => {
    const ip: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'ip') : undefined
    return typeof ip === 'string' ? (tryParseIp(ip) ?? []) : []
  })
}
