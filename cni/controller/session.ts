import { type Config, nodePortName, type OvnNames, ovnNames } from '@ovnkit/cni-api'
import { type EventRecorder, resources } from '@ovnkit/kube'
import { portAddresses, portsPerSwitch } from '@ovnkit/ovn'
import type { Logger } from '@ovnkit/process'
import type { Engine, ReadableStore } from '@ovnkit/reconcile'
import type { PodFacts } from './facts/pod.ts'
import { Floating } from './floating/floating.ts'
import { Allocator } from './ipam/allocator.ts'
import { Joins } from './ipam/joins.ts'
import { blockOf, holdsAll } from './ipam/network-book.ts'
import { restore } from './ipam/restore.ts'
import { followSightings, type Sighting } from './ipam/sightings.ts'
import { recordedAddresses, wishesOf } from './ipam/wishes.ts'
import { Bypasses } from './ovn/bypasses.ts'
import type { ChassisWatch } from './ovn/chassis.ts'
import { ChassisJanitor } from './ovn/chassis-janitor.ts'
import { ForeignPorts } from './ovn/foreign-ports.ts'
import { followForeignSwitches, foreignSwitch } from './ovn/foreign-switch.ts'
import { type Identity, isOurs } from './ovn/identity.ts'
import { knownNetworks, knownPorts, leftClaims } from './ovn/known.ts'
import { hasTiers, type Northbound } from './ovn/northbound.ts'
import { PortClaims } from './ovn/port-claims.ts'
import { followPortGroups } from './ovn/port-groups.ts'
import type { Southbound } from './ovn/southbound.ts'
import { TunnelWatch } from './ovn/tunnel.ts'
import { Policies } from './policy/policies.ts'
import { reportPolicies } from './policy/reports.ts'
import { ServiceRanges } from './service/ranges.ts'
import { reportServices } from './service/report.ts'
import { engineOf } from './session-engine.ts'
import type { Sources } from './sources.ts'
import { networkKey } from './subnet/network.ts'
import { SubnetPlanner } from './subnet/planner.ts'
import { followReachable } from './subnet/reachable.ts'
import { reportMistakes } from './subnet/reports.ts'

export interface SessionOptions {
  readonly config: Config
  readonly identity: Identity
  readonly sources: Sources
  readonly nb: Northbound
  readonly sb: Southbound
  readonly chassis: ChassisWatch
  readonly events: EventRecorder
  readonly logger: Logger
}

/**
 * The time in which this process leads. It is made when the sources hold their first full state: what is in use is read from pods and databases, then
 * every pod is looked at, and only then anything is written. A leader that changed nothing writes nothing.
 */
export class Session implements Disposable {
  readonly engine: Engine
  readonly allocator: Allocator
  readonly planner: SubnetPlanner
  readonly #serviceRanges: ServiceRanges
  readonly #floating: Floating
  readonly #resources = new DisposableStack()

  constructor(options: SessionOptions) {
    const { sources, nb, sb, logger, identity } = options
    const claims = new PortClaims(sb)
    const joins = new Joins(sources.nodes, options.config.network.joinCIDR)
    this.#serviceRanges = this.#resources.use(
      new ServiceRanges(options.config.network.serviceCIDR, sources.serviceCIDRs),
    )
    this.planner = plannerOf(options, this.#serviceRanges, () => this.allocator.retryAll())
    const foreign = this.#resources.use(new ForeignPorts(nb, this.planner.networks, identity))
    const sightings = followSightings(sources.nodes)
    this.#resources.use(sightings.stop)
    this.allocator = allocatorOf(options, { planner: this.planner, claims, joins, foreign, sightings: sightings.store })
    const bypasses = this.#resources.use(new Bypasses(nb, this.planner.networks, identity))
    const reachable = followReachable({
      networks: this.planner.networks,
      nodes: sources.nodes,
      join: options.config.network.joinCIDR,
    })
    this.#resources.use(reachable.stop)
    const portGroups = followPortGroups(nb)
    this.#resources.use(portGroups.stop)
    this.#floating = this.#resources.use(
      new Floating({
        ...options,
        networks: this.planner.networks,
        assignments: this.allocator.assignments,
        reserved: () => reservedRanges(options.config, this.#serviceRanges),
      }),
    )
    const tunnel = this.#resources.use(new TunnelWatch(options))
    const policies = this.#resources.use(
      new Policies({
        ...options,
        networks: this.planner.networks,
        joins: joins.store,
        tiers: hasTiers(nb),
        settled: () => this.engine.settled(),
      }),
    )
    this.engine = engineOf(options, {
      planner: this.planner,
      allocator: this.allocator,
      joins,
      reachable: reachable.store,
      portGroups: portGroups.store,
      bypasses: bypasses.store,
      ranges: this.#serviceRanges,
      floating: this.#floating,
      tunnel: tunnel.store,
      policies,
    })
    this.#recall(options, claims)
    this.#resources.use(foreign.store.subscribe(uuid => this.allocator.foreignChanged(uuid)))
    foreign.start()
    bypasses.start()
    this.#resources.use(sightings.store.subscribe(key => this.allocator.sightingChanged(key)))
    for (const key of sightings.store.keys()) this.allocator.sightingChanged(key)
    this.#resources.use(joins.start(nodePortAddresses(options)))
    this.#follow(sources, claims)
    this.#floating.start()
    policies.start()
    this.#resources.use(this.engine)
    this.engine.start()
    const janitor = new ChassisJanitor({ sb, identity, chassis: options.chassis.store, nodes: sources.nodes, logger })
    this.#resources.use(janitor)
    janitor.start()
    this.#resources.use(reportServices(options, this.#serviceRanges.store))
    const { networks, verdicts } = this.planner
    const { usage } = this.allocator
    const outcomes = this.engine.statusStore
    this.#resources.use(reportMistakes({ ...sources, networks, verdicts, usage, outcomes, events: options.events }))
    this.#resources.use(reportPolicies({ ...sources, events: options.events }))
    if (options.config.ovn.mode === 'external')
      this.#resources.use(followForeignSwitches(nb, () => this.planner.schedule()))
  }

  [Symbol.dispose](): void {
    this.planner.stop()
    this.#resources.dispose()
  }

  /** Reads what is in use before the first decision. */
  #recall({ config, identity, sources, nb, sb }: SessionOptions, claims: PortClaims): void {
    const ports = knownPorts(nb, identity)
    const live = new Set([...sources.pods.entries()].flatMap(([, pod]) => (pod.ended ? [] : [pod.uid])))
    const used = ports.flatMap(port => (live.has(port.uid) ? [port.addresses] : []))
    const networks = knownNetworks(nb, identity)
    const inUse = new Set(
      networks.filter(network => used.some(addresses => holdsAll(network, addresses))).map(network => network.key),
    )
    this.#resources.use(this.planner.networks.subscribe(key => this.allocator.networkChanged(key)))
    this.planner.start({ networks, inUse: key => inUse.has(key) })
    restore(this.allocator, {
      pods: new Map(sources.pods.entries()),
      networks: [...this.planner.networks.entries()].map(([, network]) => network),
      ports,
      claimed: sb.connected ? leftClaims(nb, claims, namesOf(config)) : [],
      recorded: recordedAddresses,
    })
  }

  /** From now on every change of a source is a change of what is decided. */
  #follow(sources: Sources, claims: PortClaims): void {
    const { allocator, planner } = this
    const byAge = [...sources.pods.entries()].sort(([a, x], [b, y]) => x.created - y.created || (a < b ? -1 : 1))
    for (const [key] of byAge) allocator.podChanged(key)
    this.#resources.use(sources.pods.subscribe(key => allocator.podChanged(key)))
    this.#resources.use(claims.subscribe(port => allocator.claimsChanged(port)))
    this.#resources.use(
      sources.nodes.subscribe((_, node) => {
        if (node === undefined) allocator.claimsChanged()
      }),
    )
    // What a Subnet may become depends on whether it is used.
    this.#resources.use(
      allocator.usage.subscribe((_, usage, old) => {
        if ((usage?.inUse ?? false) !== (old?.inUse ?? false)) planner.schedule()
      }),
    )
    allocator.assignments.markSynced()
    allocator.usage.markSynced()
    planner.follow(network => allocator.inUse(network))
    this.#resources.use(this.#serviceRanges.store.subscribe(() => planner.schedule()))
  }
}

function plannerOf(
  { config, identity, sources, nb }: SessionOptions,
  services: ServiceRanges,
  planned: () => void,
): SubnetPlanner {
  const { clusterCIDR } = config.network
  return new SubnetPlanner({
    subnets: sources.subnets,
    nodes: sources.nodes,
    external: config.ovn.mode === 'external',
    foreignSwitch: name => foreignSwitch(nb, name, identity),
    clusterNetwork: networkKey(clusterCIDR),
    reserved: () => reservedRanges(config, services),
    planned,
  })
}

interface AllocatorParts {
  readonly planner: SubnetPlanner
  readonly claims: PortClaims
  readonly joins: Joins
  readonly foreign: ForeignPorts
  readonly sightings: ReadableStore<Sighting>
}

function allocatorOf(
  { config, sources, events }: SessionOptions,
  { planner, claims, joins, foreign, sightings }: AllocatorParts,
): Allocator {
  return new Allocator({
    pods: sources.pods,
    networks: planner.networks,
    foreign: foreign.store,
    sightings,
    candidates: planner,
    claims,
    hasNode: node => sources.nodes.has(node),
    wishesOf,
    prefer: (node, network) => {
      const place = joins.store.get(node)
      return place && blockOf(network, config.network.nodeSubnetSize, place.index)
    },
    portNames: namesOf(config),
    portsLimit: portsPerSwitch[config.tunnel.type],
    report: ({ namespace, name, objectUid: uid }: PodFacts, reason, message) =>
      events.event({ resource: resources.pods, namespace, name, uid }, { type: 'Warning', reason, message }),
  })
}

/** Ranges that no Subnet and no address of the outside may touch. */
function reservedRanges({ network }: Config, services: ServiceRanges) {
  return [...services.named(), ...network.joinCIDR.map(range => ({ name: 'network.joinCIDR', range }))]
}

/** Addresses of nodes' management ports in the Northbound database, for nodes whose annotation was not written yet. */
function nodePortAddresses({ nb, config, identity }: SessionOptions) {
  return (node: string) => {
    const row = nb.table('Logical_Switch_Port').by('byName', namesOf(config).of(nodePortName(node)))
    return row === undefined || !isOurs(identity, row.external_ids) ? [] : portAddresses(row)
  }
}

const namesOf = ({ ovn }: Config): OvnNames => ovnNames(ovn.clusterName)
