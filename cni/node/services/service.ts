import {
  clusterEndpoints,
  type Endpoint,
  endpointsOf,
  externalAddresses,
  isServed,
  localEndpoints,
  type ServiceFacts,
  type ServicePort,
} from '@ovnkit/cni-service'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { NftChain, NftElement, type TranslatedFlow } from '@ovnkit/linux'
import type { Desired, Rendered, View } from '@ovnkit/reconcile'
import type { HostContext } from '../host/context.ts'
import { hostTable, nftProtocols } from '../host/table.ts'
import { affinityObjects, balanceRules, type PortOf, translateTo } from './balance.ts'
import { firewallObjects, type Guarded } from './firewall.ts'
import { hostRules, hostWays } from './host-clients.ts'
import { maxComment } from './host-ports.ts'
import { refusesClusterAddresses } from './kube-proxy.ts'
import { giveUpSource, rejectChain, serviceSets } from './skeleton.ts'

const table = hostTable

/**
 * Whether this host has to do something of its own for a Service. A plain cluster address needs nothing here: hosts reach it through OVN's balancers.
 */
export function concernsHosts({ type, externalIPs, internalLocal }: ServiceFacts): boolean {
  return type !== 'ClusterIP' || externalIPs.length > 0 || internalLocal
}

/** What arrives at this host for a Service: node ports, external addresses, and cluster addresses with internalTrafficPolicy Local. */
export function renderService(context: HostContext, key: string, view: View): Rendered {
  const service = view.get(context.services, key)
  if (service === undefined) return { kind: 'objects', objects: [] }
  const objects = service.clusterIPs.flatMap(clusterIp =>
    service.ports.flatMap(port => new PortRender(context, view, { key, service, port, clusterIp }).objects()),
  )
  return { kind: 'objects', objects }
}

interface PortSpec {
  readonly key: string
  readonly service: ServiceFacts
  readonly port: ServicePort
  readonly clusterIp: IpAddress
}

/** Where an entry of the maps leads: straight to a place, or on to a chain. */
type Way = { readonly place: string } | { readonly chain: string }

/** One port of a Service at one of its cluster addresses, which gives the family. */
class PortRender {
  readonly #context: HostContext
  readonly #view: View
  readonly #spec: PortSpec
  readonly #of: PortOf
  #known: readonly Endpoint[] | undefined

  constructor(context: HostContext, view: View, spec: PortSpec) {
    this.#context = context
    this.#view = view
    this.#spec = spec
    const family = ipFamily(spec.clusterIp)
    const protocol = nftProtocols[spec.port.protocol]
    const { affinity } = spec.service
    this.#of = { id: `${spec.key}/${protocol}/${spec.port.port}/${family}`, family, protocol, affinity }
  }

  objects(): Desired[] {
    const { service, clusterIp } = this.#spec
    const external = this.#isExternal ? this.#external() : []
    const internal = service.internalLocal ? this.#internal(clusterIp) : []
    const affine = service.affinity > 0 ? affinityObjects(this.#of, this.#chosen()) : []
    return [...external, ...internal, ...affine]
  }

  get #isExternal(): boolean {
    return this.#nodePort > 0 || this.#addresses.length > 0
  }

  get #nodePort(): number {
    const { service, port } = this.#spec
    return service.type === 'ClusterIP' ? 0 : port.nodePort
  }

  /** External addresses of this family. */
  get #addresses(): readonly IpAddress[] {
    return externalAddresses(this.#spec.service).filter(ip => ipFamily(ip) === this.#of.family)
  }

  #external(): Desired[] {
    return [
      ...this.#addressEntries(),
      ...(this.#nodePort > 0 ? this.#nodePortEntry(this.#nodePort) : []),
      ...(this.#passesOvn ? [] : [this.#clusterChain()]),
      ...firewallObjects(this.#context, this.#view, this.#of, this.#guarded()),
    ]
  }

  /** Pods and the host itself reach every endpoint, as with kube-proxy: for them an external address is a short way to the Service. */
  #addressEntries(): Desired[] {
    if (this.#addresses.length === 0) return []
    const local = this.#spec.service.externalLocal
    const way = local ? { chain: this.#chain('external') } : this.#clusterWay()
    const flows = this.#externalFlows()
    const entries = this.#addresses.map(address => this.#atAddress(address, way, flows))
    return local ? [...entries, this.#localChain('external', [this.#fromPods(), ...this.#fromHost()])] : entries
  }

  /** Under policy Local a node port serves endpoints of the node that is asked, for pods too: those of other nodes come from outside as everybody else, and nobody can tell them apart. */
  #nodePortEntry(number: number): Desired[] {
    const local = this.#spec.service.externalLocal
    const way = local ? { chain: this.#chain('node-port') } : this.#clusterWay()
    const entry = this.#atNodePort(number, way, this.#externalFlows())
    return local ? [entry, this.#localChain('node-port', this.#fromHost())] : [entry]
  }

  #internal(clusterIp: IpAddress): Desired[] {
    const flows = this.#flows([clusterIp], 0, this.#local())
    return [this.#localChain('internal', []), this.#atAddress(clusterIp, { chain: this.#chain('internal') }, flows)]
  }

  /**
   * Policy Cluster goes by way of the cluster address, so that an endpoint's change changes nothing here. Not with affinity, as all clients
   * would be one to OVN's balancer, not where the balancer holds itself to policy Local, and not where somebody refuses what is on its way there.
   */
  get #passesOvn(): boolean {
    const { affinity, internalLocal } = this.#spec.service
    return affinity === 0 && !internalLocal && !refusesClusterAddresses(this.#context, this.#view)
  }

  #clusterWay(): Way {
    const { clusterIp, port } = this.#spec
    return this.#passesOvn ? { place: `${clusterIp} . ${port.port}` } : { chain: this.#chain('cluster') }
  }

  #atAddress(address: IpAddress, way: Way, flows: readonly TranslatedFlow[]): Desired {
    const element = `${address} . ${this.#of.protocol} . ${this.#spec.port.port}`
    const own = flows.filter(({ destination }) => destination === address)
    return this.#entry('place' in way ? serviceSets.addresses : serviceSets.addressChains, element, way, own)
  }

  #atNodePort(number: number, way: Way, flows: readonly TranslatedFlow[]): Desired {
    const element = `${this.#of.protocol} . ${number}`
    const own = flows.filter(({ destination }) => destination === undefined)
    return this.#entry('place' in way ? serviceSets.nodePorts : serviceSets.nodePortChains, element, way, own)
  }

  #entry(set: string, element: string, way: Way, flows: readonly TranslatedFlow[]): Desired {
    const data = 'place' in way ? way.place : `goto ${way.chain}`
    const { key, port } = this.#spec
    const comment = `${key}${port.name && `:${port.name}`}`.slice(0, maxComment)
    return new NftElement({ table, set: `${set}${this.#of.family}`, element, data, comment, flows })
  }

  #chain(kind: 'external' | 'node-port' | 'internal' | 'cluster'): string {
    return `${kind}/${this.#of.id}`
  }

  #fromPods(): string {
    const { family } = this.#of
    return `${family === 4 ? 'ip' : 'ip6'} saddr @overlay${family} ${this.#toEveryEndpoint()}`
  }

  #fromHost(): string[] {
    const other = `fib saddr type local ${this.#toEveryEndpoint()}`
    return [...hostRules(this.#context, this.#view, this.#of, this.#hostWays()), other]
  }

  /** With affinity all clients of a host stay together by another way. */
  #hostWays(): readonly Endpoint[] {
    const { affinity, family } = this.#of
    if (affinity > 0) return []
    return hostWays(this.#context, this.#view, { family, nodePort: this.#nodePort, endpoints: this.#cluster() })
  }

  #toEveryEndpoint(): string {
    const { clusterIp, port } = this.#spec
    return this.#passesOvn ? translateTo(this.#of, clusterIp, port.port) : `goto ${this.#chain('cluster')}`
  }

  /** Only endpoints of this node; where it has none, silence if others have some (a load balancer tries those), else a refusal. */
  #localChain(kind: 'external' | 'node-port' | 'internal', first: readonly string[]): Desired {
    const local = this.#local()
    const otherwise = isServed(this.#endpoints()) ? 'drop' : `goto ${rejectChain}`
    const rules = [...first, ...(local.length > 0 ? balanceRules(this.#of, local) : [otherwise])]
    const { clusterIp } = this.#spec
    const flows = kind === 'internal' ? this.#flows([clusterIp], 0, local) : this.#externalFlows()
    return new NftChain({ table, name: this.#chain(kind), rules, flows })
  }

  #clusterChain(): Desired {
    const endpoints = this.#cluster()
    const rules = endpoints.length > 0 ? [giveUpSource, ...balanceRules(this.#of, endpoints)] : [`goto ${rejectChain}`]
    return new NftChain({ table, name: this.#chain('cluster'), rules, flows: this.#externalFlows() })
  }

  /** Source ranges are the load balancer's: they do not concern other external addresses. */
  #guarded(): Guarded {
    const { service, port } = this.#spec
    const ingress = new Set(service.ingress.map(({ ip }) => ip))
    const addresses = this.#addresses.filter(address => ingress.has(address))
    return { addresses, port: port.port, sourceRanges: service.sourceRanges }
  }

  #externalFlows(): readonly TranslatedFlow[] {
    const { clusterIp, port, service } = this.#spec
    const through = this.#passesOvn ? [{ address: clusterIp, port: port.port }] : this.#cluster()
    const local = service.externalLocal ? [...this.#local(), ...this.#hostWays()] : []
    return this.#flows(this.#addresses, this.#nodePort, [...through, ...local])
  }

  /** Where UDP clients may have been sent; other protocols notice the end of a connection themselves. */
  #flows(
    addresses: readonly IpAddress[],
    nodePort: number,
    places: readonly Pick<Endpoint, 'address' | 'port'>[],
  ): readonly TranslatedFlow[] {
    if (this.#of.protocol !== 'udp') return []
    const common = { family: this.#of.family, to: places.map(({ address, port }) => `${address} . ${port}`) }
    return [
      ...addresses.map(destination => ({ ...common, destination, port: this.#spec.port.port })),
      ...(nodePort === 0 ? [] : [{ ...common, port: nodePort }]),
    ]
  }

  #endpoints(): readonly Endpoint[] {
    const { key, service, port } = this.#spec
    if (this.#known !== undefined) return this.#known
    const slices = this.#view.by(this.#context.slices, 'service', key).map(([, slice]) => slice)
    this.#known = endpointsOf(service, port, this.#of.family, slices)
    return this.#known
  }

  #local(): readonly Endpoint[] {
    return localEndpoints(this.#endpoints(), this.#context.node)
  }

  #cluster(): readonly Endpoint[] {
    const zone = this.#view.get(this.#context.nodes, this.#context.node)?.zone ?? ''
    return clusterEndpoints(this.#endpoints(), { node: this.#context.node, zone })
  }

  /** Every endpoint that some chain of the port may choose. */
  #chosen(): readonly Endpoint[] {
    const { service } = this.#spec
    const all = [
      ...(this.#isExternal ? this.#cluster() : []),
      ...(service.externalLocal || service.internalLocal ? this.#local() : []),
    ]
    return [...new Map(all.map(endpoint => [`${endpoint.address} ${endpoint.port}`, endpoint])).values()]
  }
}
