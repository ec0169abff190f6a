import { type Family, type IpAddress, ipFamily, tryParseIp } from '@ovnkit/inet'
import type { EndpointSlice, Intern } from '@ovnkit/kube'
import { type Protocol, protocolOf } from './protocol.ts'

const serviceNameLabel = 'kubernetes.io/service-name'

/**
 * For list and watch: slices of headless Services, and of those that another proxy serves, carry these labels of the endpoint slice controller; nobody
 * balances them.
 */
export const sliceSelector = '!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name'

export interface SlicePort {
  /** Empty for an unnamed port. */
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
}

/** `draining`: terminating, but still serving; `down`: neither ready nor that. */
export type EndpointState = 'ready' | 'draining' | 'down'

/** Who shall use an endpoint, by the word of the slice's controller (KEP-2433, KEP-4444, KEP-3015). */
export interface Hints {
  readonly zones: readonly string[]
  readonly nodes: readonly string[]
}

export interface EndpointFacts {
  readonly address: IpAddress
  readonly state: EndpointState
  /** Empty for an endpoint that is on none of the cluster's nodes. */
  readonly node: string
  readonly hints: Hints | undefined
}

/** What is kept of an EndpointSlice. */
export interface SliceFacts {
  /** `namespace/name` of the Service. */
  readonly service: string
  readonly family: Family
  /** Numbers: what a Service's target port means is resolved by the slice's controller, for each slice on its own. */
  readonly ports: readonly SlicePort[]
  readonly endpoints: readonly EndpointFacts[]
  /** Addresses that cannot be endpoints, each with the reason; as a rule none. */
  readonly ignored: readonly string[]
}

/** Slices by their Service: an index for the store that holds them. */
export const sliceIndexes = { service: (slice: SliceFacts) => [slice.service] } as const

const none: readonly never[] = []

/** @returns undefined for a slice of no Service, and one of names instead of addresses (FQDN) */
export function sliceFacts(slice: EndpointSlice, intern: Intern = text => text): SliceFacts | undefined {
  const { metadata = {}, addressType, ports, endpoints } = slice
  const service = metadata.labels?.[serviceNameLabel]
  if (service === undefined || service === '') return undefined
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return undefined
  const family = addressType === 'IPv4' ? 4 : 6
  const ignored: string[] = []
  return {
    service: intern(`${metadata.namespace ?? ''}/${service}`),
    family,
    ports: portsOf(ports, intern),
    endpoints: (endpoints ?? []).flatMap(endpoint => {
      const address = endpointAddress(endpoint.addresses?.[0] ?? '', family)
      if (typeof address === 'string') return [endpointFacts(endpoint, address, intern)]
      ignored.push(address.problem)
      return []
    }),
    ignored: ignored.length === 0 ? none : ignored,
  }
}

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number]

/** A port without a number means every port, which no virtual address can mean. */
function portsOf(ports: EndpointSlice['ports'], intern: Intern): SlicePort[] {
  return (ports ?? []).flatMap(({ name, protocol, port }) => {
    const known = protocolOf(protocol)
    return known === undefined || port === undefined ? [] : [{ name: intern(name ?? ''), protocol: known, port }]
  })
}

function endpointFacts(endpoint: Endpoint, address: IpAddress, intern: Intern): EndpointFacts {
  return {
    address,
    state: stateOf(endpoint.conditions),
    node: intern(endpoint.nodeName ?? ''),
    hints: hintsOf(endpoint, intern),
  }
}

/** What is not said means: ready, serving, not terminating (discovery/v1 EndpointConditions). */
function stateOf({ ready, serving, terminating }: NonNullable<Endpoint['conditions']> = {}): EndpointState {
  if (ready !== false) return 'ready'
  return serving !== false && terminating === true ? 'draining' : 'down'
}

function hintsOf({ hints }: Endpoint, intern: Intern): Hints | undefined {
  const zones = hints?.forZones ?? none
  const nodes = hints?.forNodes ?? none
  if (zones.length === 0 && nodes.length === 0) return undefined
  const names = (list: readonly { name: string }[]) => (list.length === 0 ? none : list.map(({ name }) => intern(name)))
  return { zones: names(zones), nodes: names(nodes) }
}

/** The addresses of one endpoint are interchangeable; the first one stands for it, as for kube-proxy. */
function endpointAddress(text: string, family: Family): IpAddress | { problem: string } {
  const ip = tryParseIp(text)
  if (ip === undefined) return { problem: `${JSON.stringify(text)} is no IP address` }
  if (ipFamily(ip) !== family) return { problem: `${ip} is no IPv${family} address, as the slice says` }
  const kind = special.find(([, pattern]) => pattern.test(ip))
  return kind === undefined ? ip : { problem: `${ip} is ${kind[0]}, which is another host on every host or none` }
}

/** The API server refuses most of these; slices from before an upgrade may still have them. */
const special: readonly (readonly [string, RegExp])[] = [
  ['a loopback address', /^(127\.|::1$)/],
  ['the unspecified address', /^(0\.0\.0\.0|::)$/],
  ['a link-local address', /^(169\.254\.|fe[89ab][0-9a-f]:)/],
  ['a multicast address', /^(22[4-9]\.|23\d\.|ff[0-9a-f]{2}:)/],
]
