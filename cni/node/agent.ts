import { setTimeout } from 'node:timers/promises'
import { type Config, integrationBridge, ovnNames, paths } from '@ovnkit/cni-api'
import type { Family } from '@ovnkit/inet'
import { EventRecorder, KubeClient, type KubeConfig, type Mirror } from '@ovnkit/kube'
import { Netlink } from '@ovnkit/linux'
import { Open_vSwitch } from '@ovnkit/ovs'
import { openDatabase } from '@ovnkit/ovsdb'
import type { Logger, Metrics } from '@ovnkit/process'
import type { Engine } from '@ovnkit/reconcile'
import { Names } from './domains/names.ts'
import { createHostStore, observeHost } from './facts/host.ts'
import { createSwitchStore, filesOfSwitch, type LocalDatabase, observeSwitch, switchTables } from './facts/switch.ts'
import { announcePresence, installCni, wasInitialized } from './files/conflist.ts'
import { Installation } from './files/installation.ts'
import { Announcer } from './floating/announcer.ts'
import { EgressPods } from './floating/egress-pods.ts'
import { followFloatingAddresses } from './floating/held.ts'
import { createRulesetStore, watchRuleset } from './forwarding/watch.ts'
import { Gateway } from './gateway/gateway.ts'
import { createGatewayStore } from './gateway/store.ts'
import type { HostContext } from './host/context.ts'
import { createHostEngine } from './host/engine.ts'
import { linkOptions } from './host/link-options.ts'
import { keepSwitch } from './host/switch.ts'
import { enableForwarding } from './host/sysctls.ts'
import { hostTable } from './host/table.ts'
import { countPolicies } from './policies/start.ts'
import { Conflicts, createConflictStore } from './provider/conflicts.ts'
import { createStateStore } from './provider/facts.ts'
import { keepMappings } from './provider/mappings.ts'
import { providerReady } from './provider/placed.ts'
import { followStates, usedProviders } from './provider/states.ts'
import { findOccupant } from './provider/vacancy.ts'
import { createWireStore, followWires } from './provider/wires.ts'
import { Readiness } from './readiness.ts'
import { reportMistakes, reportSouthbound } from './reports.ts'
import { followRoutes } from './sandbox/align-routes.ts'
import { Assignments } from './sandbox/assignment.ts'
import { Attachments } from './sandbox/attachments.ts'
import { followDatapath } from './sandbox/follow-datapath.ts'
import { followMtu } from './sandbox/follow-mtu.ts'
import { InstalledPorts } from './sandbox/installed.ts'
import { LinkReaper } from './sandbox/reaper.ts'
import { Commands } from './server/commands.ts'
import { startCniServer } from './server/socket.ts'
import { serveHealth } from './services/health.ts'
import { publishedPods } from './services/host-ports.ts'
import { watchKubeProxy } from './services/kube-proxy.ts'
import { type ClusterSources, followCluster } from './sources.ts'
import { ovnRunFolder } from './southbound/ovn-controller.ts'
import { Southbound } from './southbound/southbound.ts'
import { vhostContext, wantsVhost } from './vhost/capability.ts'
import { hugepagesMB } from './vhost/hugepages.ts'
import { vhostPort } from './vhost/port.ts'
import { followSockets, runFolderOf } from './vhost/relink.ts'

export interface AgentOptions {
  readonly config: Config
  /** Name of the Node that the agent runs on. */
  readonly node: string
  readonly kubeConfig: KubeConfig
  /** The plugin's executable, to be installed. */
  readonly plugin: string
  readonly logger: Logger
  readonly metrics: Metrics
  readonly signal: AbortSignal
}

const FIRST_CONNECTION_MS = 5000

/** A running agent. Disposing it ends the server after what is under way; it removes nothing from the node. */
export interface Agent extends AsyncDisposable {
  readonly readiness: Readiness
  readonly engine: Engine
}

/** Start the agent. The plugin is answered from the beginning: with 11, "try again", where something is not known yet. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, node, logger, signal } = options
  await using stack = new AsyncDisposableStack()
  enableForwarding(familiesOf(config))

  const client = new KubeClient(options.kubeConfig, { userAgent: 'zstack-ovnkube-node' })
  stack.defer(() => client.close())
  const sources = followCluster({ client, node, services: config.service.kubeProxyReplacement, signal, logger })
  const database: LocalDatabase = stack.use(
    openDatabase(Open_vSwitch, { remotes: config.ovs.database, tables: switchTables, leaderOnly: false, logger }),
  )
  const netlink = stack.use(Netlink.open())
  const context = createContext(options, sources)
  stack.use(
    observeHost(netlink, context.links, err => logger.error({ err }, 'could not read the interfaces of the host')),
  )
  stack.use(observeSwitch(database, context.switches))
  // A socket of its own: the host's network must not wait for pods' interfaces.
  const gateway = stack.use(
    new Gateway({ context, database, netlink: stack.use(Netlink.open()), journal: paths.gatewayState, logger }),
  )
  gateway.start()
  const tableName = `${hostTable.family} ${hostTable.name}`
  stack.use(watchRuleset(context.ruleset, tableName, err => logger.error({ err }, 'could not read nftables')))

  // What starts once the database answers; until then, and where it never does, nothing.
  const late = stack.use(new DisposableStack())
  let engine: Engine | undefined
  const mirrors = [
    sources.podMirror,
    sources.nodeMirror,
    sources.subnetMirror,
    ...sources.serviceMirrors,
    ...sources.floating.mirrors,
  ]
  const recorder = new EventRecorder({ client, component: 'zstack-ovnkube-node', instance: node, logger })
  const southbound = new Southbound({
    config,
    folder: ovnRunFolder(),
    switchFiles: () => filesOfSwitch(database),
    changed: problem => reportSouthbound({ nodes: sources.nodes, node, recorder, logger }, problem),
  })
  const readiness: Readiness = new Readiness({
    node,
    database,
    engine: () => engine,
    mirrors,
    southbound,
    installationProblem: () => installation.problem,
  })
  const installation = stack.use(installationOf(readiness, options))
  stack.use(followWires(context))
  const commands = createCommands(options, {
    ...{ sources, database, netlink, context, readiness, southbound, stack },
    outcomes: () => engine?.statusStore,
  })
  announcePresence(config.cni)
  const { socketPath: path, timeout } = config.cni
  stack.use(await startCniServer({ path, commands, timeout, logger, metrics: options.metrics, signal }))

  const { pods } = sources
  const { held, ways } = followFloatingAddresses({ node, nodes: sources.nodes, ...sources.floating })
  const floating = { held, ways, sources: stack.use(new EgressPods({ config, ways, logger })).sources }
  const names = stack.use(
    new Names({ config, node, client, pods, nodes: sources.nodes, database, netlink, recorder, signal, logger }),
  )
  engine = await createHostEngine({
    context,
    pods: sources.pods,
    database,
    client,
    nodeMirror: sources.nodeMirror,
    floating,
    names,
    logger,
    stack,
  })
  stack.use(new Announcer({ held, links: context.links, outcomes: engine.statusStore, netlink, logger }))
  countPolicies(options)
  stack.use(reportMistakes({ engine, nodes: sources.nodes, node, recorder, logger }))
  stack.use(serveHealth({ config, context, engine, recorder, logger }))
  whenReady(database, signal, async () => {
    late.use(keepSwitch({ database, config, node, logger }))
    late.use(followProviders({ context, database, engine, logger }))
    late.use(followRoutes({ pods, database, names: ovnNames(config.ovn.clusterName), logger }))
    late.use(followMtu({ context, database, netlink, logger }))
    late.use(followDatapath({ context, database, netlink, logger }))
    if (config.dpdk.enabled && config.dpdk.socketMode === 'server')
      late.use(
        followSockets({
          folder: config.dpdk.socketDir,
          runFolder: runFolderOf(config.ovs.database),
          database,
          batcher: database.batcher(),
          logger,
        }),
      )
    await commands.sweep()
  }).catch(err => logger.error({ err }, `could not look after bridge ${integrationBridge}`))
  // Whichever comes last lets pods be served: what the node has been given, or what is known of the cluster.
  const attempt = () => installation.attempt()
  stack.use(engine.statusStore.subscribe(attempt))
  for (const mirror of mirrors) mirror.ready().then(attempt, () => undefined)
  engine.start({ signal })

  const owned = stack.move()
  return { readiness, engine, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function familiesOf({ network }: Config): readonly Family[] {
  return network.clusterCIDR.map(({ family }) => family)
}

function createContext({ config, node }: AgentOptions, sources: ClusterSources): HostContext {
  const published = publishedPods(sources.pods)
  const [links, switches, providerStates] = [createHostStore(), createSwitchStore(), createStateStore()]
  const [ruleset, gateway] = [createRulesetStore(), createGatewayStore()]
  const kubeProxy = watchKubeProxy(ruleset, links)
  const [wires, conflicts] = [createWireStore(), createConflictStore()]
  const stores = { published, links, switches, providerStates, ruleset, kubeProxy, gateway, wires, conflicts }
  return { ...sources, config, node, hugepagesMB: hugepagesMB(), ...stores }
}

/** Mappings and states of provider networks. */
function followProviders(options: {
  readonly context: HostContext
  readonly database: LocalDatabase
  readonly engine: Engine | undefined
  readonly logger: Logger
}): Disposable {
  const { context, database, engine, logger } = options
  const stack = new DisposableStack()
  const used = () => usedProviders(context)
  const follow = (changed: () => void) => context.subnets.subscribe(changed)
  stack.use(keepMappings({ database, used, follow, node: context.node, logger }))
  if (engine !== undefined)
    stack.use(followStates({ context, database, outcomes: engine.statusStore, states: context.providerStates }))
  return stack
}

async function whenReady(database: LocalDatabase, signal: AbortSignal, then: () => Promise<void>): Promise<void> {
  try {
    await database.ready({ signal })
  } catch (error) {
    if (signal.aborted) return
    throw error
  }
  await then()
}

interface Parts {
  readonly sources: ClusterSources
  readonly database: LocalDatabase
  readonly netlink: Netlink
  readonly context: HostContext
  readonly readiness: Readiness
  readonly southbound: Southbound
  readonly stack: AsyncDisposableStack
  readonly outcomes: () => Engine['statusStore'] | undefined
}

function createCommands({ config, logger }: AgentOptions, parts: Parts): Commands {
  const { sources, database, netlink, context, readiness, southbound, stack, outcomes } = parts
  const conflicts = stack.use(new Conflicts(context.conflicts, context))
  const installed = stack.use(new InstalledPorts(database, () => southbound.problem?.message))
  // A socket of its own: requests of one socket wait for one another, and a removal takes some 20 ms.
  const reaper = new LinkReaper(stack.use(Netlink.open()))
  return new Commands({
    names: ovnNames(config.ovn.clusterName),
    database,
    netlink,
    assignments: new Assignments(
      sources.pods,
      () => outage(sources.podMirror),
      (uid, { addresses }) => conflicts.concern(uid, addresses),
    ),
    attachments: new Attachments({ database, batcher: database.batcher(), netlink, reaper, installed }),
    linkOptions: stop => linkOptions(context, stop),
    vhost: (id, { interfaceType }, mtu) =>
      wantsVhost(interfaceType, () => vhostContext(context)) ? vhostPort(id, config.dpdk, mtu) : undefined,
    placed: (subnet, stop) => providerReady(context, subnet, stop),
    vacant: async ({ namespace, name }, { uid, subnet, network }, stop) => {
      const occupant = await findOccupant({ context, netlink, outcomes }, subnet, network, stop)
      if (occupant === undefined) return true
      const pod = `${namespace}/${name}`
      conflicts.add({ ...occupant, pod, uid })
      logger.warn({ pod, ...occupant }, 'somebody else has the address that a pod was to get')
      return false
    },
    connected: firstConnection(database),
    notInitialized: () => (wasInitialized(config.cni) ? undefined : readiness.setupProblem()),
    logger,
  })
}

/** Why the API cannot be heard. The first list being on its way is no reason: its end is worth waiting for. */
function outage({ synced, stats, problem }: Mirror): string | undefined {
  return synced || stats.failures > 0 ? problem : undefined
}

/** Resolves when the database was reached for the first time, or when that takes too long to wait for. */
function firstConnection(database: LocalDatabase): Promise<void> {
  const ready = database.ready().catch(() => undefined)
  return Promise.race([ready, setTimeout(FIRST_CONNECTION_MS, undefined, { ref: false })])
}

/** Puts the network configuration in place when pods can be served for the first time. */
function installationOf(readiness: Readiness, { config, plugin, logger }: AgentOptions): Installation {
  return new Installation({
    possible: () => readiness.setupProblem() === undefined,
    install: () => {
      installCni(config.cni, plugin)
      logger.info({ file: `${config.cni.confDir}/${config.cni.confFile}` }, 'pods can be served')
    },
    logger,
  })
}
