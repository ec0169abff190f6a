import { dirname } from 'node:path'
import {
  type Config,
  externalBridge,
  externalSwitchName,
  integrationBridge,
  type NodeGateway,
  ovnNames,
  tunnelPort,
} from '@ovnkit/cni-api'
import { cidrContains, cidrOf, type IpAddress, ipFamily, parseMac } from '@ovnkit/inet'
import type { Link, Netlink } from '@ovnkit/linux'
import type { Operation } from '@ovnkit/ovsdb'
import type { Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import { chooseTunnel, findEncap, podMtu } from '../host/encap.ts'
import { attachOperations, detachOperations, mappingOperations } from './bridge.ts'
import { gatewayFlows } from './flows.ts'
import { type Journal, readJournal, remember, removeJournal, writeJournal } from './journal.ts'
import { BridgeConnection } from './openflow.ts'
import { programFlows } from './programmer.ts'
import { reaches } from './reach.ts'
import { type GatewayState, theGateway } from './store.ts'
import { prepareLink, readHeld, transfer } from './transfer.ts'

export interface GatewayOptions {
  readonly context: Pick<HostContext, 'config' | 'node' | 'nodes' | 'links' | 'subnets' | 'gateway'>
  readonly database: LocalDatabase
  readonly netlink: Netlink
  readonly journal: string
  readonly logger: Logger
}

/** How long the outer network's router may take to answer from the bridge before the NIC is given back. */
const reachWithinMs = 5000
/** How long the controller may take to turn pods' traffic away from the bridge before the NIC is taken out all the same. */
const farewellMs = 30_000

/**
 * Keeps the NIC in its bridge in mode shared, and takes it out in mode local. One round looks at everything and does what is missing; rounds follow the kernel's and
 * the switch's events. So a kill in the middle, a reboot, a switch that starts anew, a DHCP lease and an address that somebody sets on the NIC are all the same
 * case. It needs neither the API nor the controller to bring the host's network back.
 */
export class Gateway implements Disposable {
  readonly #options: GatewayOptions
  readonly #resources = new DisposableStack()
  readonly #userspace: () => boolean
  #busy: Promise<void> | undefined
  #again = false
  /** Why the NIC was given back. It is not tried again by this process: each trial cuts the host off for seconds. */
  #failure: GatewayState['problem']
  /** What the bridge's flows were last made from; undefined when it may have lost them. */
  #programmed: string | undefined
  #connected = false
  #connection: BridgeConnection | undefined
  #leaving: number | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
    const { database } = options
    this.#userspace = () => database.table('Bridge').by('byName', integrationBridge)?.datapath_type === 'netdev'
  }

  start(): void {
    const { context, database, netlink, journal } = this.#options
    if (context.config.gateway.mode !== 'shared' && readJournal(journal) === undefined) return
    const again = () => this.#wake()
    this.#resources.use(
      database.onBatch(batch => {
        if (batch.table('Open_vSwitch') || batch.table('Bridge') || batch.table('Port') || batch.table('Interface'))
          again()
      }),
    )
    this.#resources.use(
      netlink.subscribe(['link', 'address', 'route'], event => {
        if (event.kind !== 'link' || event.link.kind !== 'veth' || event.link.name === context.config.gateway.interface)
          again()
      }),
    )
    for (const store of [context.nodes, context.links, context.subnets]) this.#resources.use(store.subscribe(again))
    again()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
    this.#connection?.[Symbol.dispose]()
  }

  /** Takes the NIC out of its bridge at once, whoever still sends through it: for an uninstallation. */
  async restore(): Promise<boolean> {
    const journal = readJournal(this.#options.journal)
    if (journal === undefined) return false
    await this.#giveBack(journal)
    return true
  }

  #wake(): void {
    this.#again = true
    this.#busy ??= this.#rounds().finally(() => {
      this.#busy = undefined
    })
  }

  async #rounds(): Promise<void> {
    const { logger, database } = this.#options
    while (this.#again && !this.#resources.disposed) {
      this.#again = false
      if (!database.connected) continue
      try {
        await this.#round()
      } catch (err) {
        logger.error({ err }, 'gateway mode shared')
        this.#tell({ problem: { reason: 'GatewayFailed', message: err instanceof Error ? err.message : String(err) } })
      }
    }
  }

  async #round(): Promise<void> {
    const { config } = this.#options.context
    const journal = readJournal(this.#options.journal)
    const wanted = config.gateway.mode === 'shared' && this.#failure === undefined
    if (!wanted || (journal !== undefined && journal.nic !== config.gateway.interface)) {
      if (journal !== undefined) await this.#leave(journal)
      else this.#tell({ problem: this.#failure })
      return
    }
    await this.#keep(journal, config)
  }

  async #keep(before: Journal | undefined, { gateway }: Config): Promise<void> {
    const { netlink, database } = this.#options
    const nic = await netlink.linkByName(gateway.interface)
    if (nic === undefined) return this.#tell({ problem: missing(gateway.interface) })
    const journal = await this.#record(before, nic)
    if (journal === undefined) return this.#tell({ problem: unaddressed(gateway.interface) })
    if (before === undefined && !(await this.#reachesOut(journal, nic)))
      this.#options.logger.warn(
        { nic: nic.name },
        'no router of the outer network answers at the NIC; it is moved without a check',
      )
    if (!database.connected) return
    await this.#commit(attachOperations(database, { nic: nic.name, mac: journal.mac, vlan: gateway.vlanID }))
    const bridge = await netlink.linkByName(externalBridge)
    // Its appearance is an event.
    if (bridge === undefined) return
    await prepareLink(netlink, bridge, { mtu: nic.mtu, userspace: this.#userspace() })
    await transfer(netlink, journal, bridge, nic)
    if (journal.superseded.length > 0) writeJournal(this.#options.journal, { ...journal, superseded: [] })
    if (journal.phase === 'moving' && !(await this.#arrive(journal, bridge))) return
    await this.#commit(mappingOperations(database, true))
    await this.#serve(journal)
  }

  /** Writes down what the NIC has before it is touched. undefined when it has nothing that a node could be known by. */
  async #record(before: Journal | undefined, nic: Link): Promise<Journal | undefined> {
    const { netlink, journal: path, database } = this.#options
    const held = await readHeld(netlink, nic)
    if (before === undefined && held.addresses.length === 0) return undefined
    const start: Journal = before ?? {
      nic: nic.name,
      mac: String(nic.mac),
      madeBridge: database.table('Bridge').by('byName', externalBridge) === undefined,
      phase: 'moving',
      addresses: [],
      routes: [],
      superseded: [],
    }
    // A machine may come back with another NIC of that name.
    const journal = { ...remember(start, held.addresses, held.routes), mac: String(nic.mac) }
    writeJournal(path, journal)
    return journal
  }

  /** After the first move: the outer network's router must answer, or all goes back. */
  async #arrive(journal: Journal, bridge: Link): Promise<boolean> {
    const { journal: path, logger } = this.#options
    if (await this.#reachesOut(journal, bridge)) {
      writeJournal(path, { ...journal, phase: 'moved' })
      logger.info({ nic: journal.nic, bridge: externalBridge }, 'the NIC is in its bridge')
      return true
    }
    const message =
      `gateway.interface: after ${journal.nic} was put into ${externalBridge}, none of ${this.#nextHops(journal).join(', ')} answered within ${reachWithinMs / 1000} s; ` +
      'the NIC has its addresses again. Does the outer network accept the MAC on this port, is gateway.vlanID right? Restart the agent to try again'
    this.#failure = { reason: 'GatewayUnreachable', message }
    await this.#giveBack(journal)
    return false
  }

  async #reachesOut(journal: Journal, link: Link): Promise<boolean> {
    const hops = this.#nextHops(journal)
    if (hops.length === 0) return true
    const answers = await Promise.all(hops.map(hop => reaches(this.#options.netlink, link, hop, reachWithinMs)))
    return answers.includes(true)
  }

  /** The configured routers, else those of the NIC's default routes; one of each family. */
  #nextHops({ routes }: Journal): IpAddress[] {
    const { nextHop } = this.#options.context.config.gateway
    const found = routes.flatMap(({ destination, via }) =>
      destination.prefixLength === 0 && via !== undefined ? [via] : [],
    )
    return ([4, 6] as const).flatMap(family => {
      const own = (ip: IpAddress) => ipFamily(ip) === family
      return nextHop.find(own) ?? found.find(own) ?? []
    })
  }

  /** Tells the controller of the node's place, makes the flows, and then tells that pods may come. */
  async #serve(journal: Journal): Promise<void> {
    const { context, database, logger } = this.#options
    const { config } = context
    this.#watchBridge()
    const known = this.#place(journal)
    if (known === undefined) return
    const ofport = (name: string) => openFlowPort(database, name)
    const nic = ofport(journal.nic)
    const patch = ofport(patchOf(context))
    if (nic === undefined || patch === undefined || !this.#connected) {
      this.#programmed = undefined
      return this.#tell({ nic: journal.nic, gateway: known })
    }
    const overlay = [...context.subnets.entries()].flatMap(([, subnet]) => (subnet.overlay ? [subnet] : []))
    const flows = gatewayFlows({
      ...{ nic, patch, mac: journal.mac, nextHops: known.nextHops, vlan: config.gateway.vlanID },
      addresses: known.addresses.map(({ ip }) => ip),
      overlay: overlay.flatMap(({ ranges }) => ranges),
      translated: overlay.flatMap(({ natOutgoing, ranges }) => (natOutgoing ? ranges : [])),
      untranslated: config.gateway.excludedCIDRs,
      tunnelPort: tunnelPort(config),
    })
    const text = flows.join('\n')
    if (text !== this.#programmed) {
      this.#programmed = text
      await programFlows(this.#socket(), flows, patch)
      logger.info({ flows: flows.length }, `flows of ${externalBridge}`)
    }
    this.#tell({ nic: journal.nic, gateway: { ...known, ready: true } })
  }

  #place(journal: Journal): NodeGateway | undefined {
    const { context } = this.#options
    const links = [...context.links.entries()].map(([, link]) => link)
    const encap = findEncap(context.config, context.nodes.get(context.node), links)
    const current = this.#options.database.table('Open_vSwitch').one()?.external_ids.get('ovn-encap-type')
    const tunnel = chooseTunnel(context.config, context.nodes.get(context.node)?.annotations, current)
    if ('problem' in encap || tunnel.type === undefined) return undefined
    const nextHops = this.#nextHops(journal)
    const addresses = ([4, 6] as const).flatMap(family => {
      const own = journal.addresses.filter(({ address }) => ipFamily(address) === family)
      const hop = nextHops.find(ip => ipFamily(ip) === family)
      const best =
        own.find(
          ({ address, prefixLength }) => hop !== undefined && cidrContains(cidrOf(address, prefixLength), hop),
        ) ?? own[0]
      return best === undefined ? [] : [{ ip: best.address, prefixLength: best.prefixLength }]
    })
    return {
      mac: parseMac(journal.mac),
      addresses,
      nextHops,
      mtu: podMtu(context.config, encap, tunnel.type),
      ready: false,
    }
  }

  #watchBridge(): void {
    this.#connection ??= new BridgeConnection(this.#socket().slice('unix:'.length), () => {
      this.#connected = true
      this.#programmed = undefined
      this.#wake()
    })
  }

  #socket(): string {
    const path = this.#options.context.config.ovs.database.replace(/^unix:/, '')
    return `unix:${dirname(path)}/${externalBridge}.mgmt`
  }

  /** Pods' traffic is turned to the host first; when the patch to the bridge is gone, nobody uses it any more. */
  async #leave(journal: Journal): Promise<void> {
    const { context, database } = this.#options
    const patch = patchOf(context)
    this.#leaving ??= Date.now()
    this.#tell({ nic: journal.nic, problem: this.#failure })
    const left = this.#leaving + farewellMs - Date.now()
    if (journal.phase === 'moved' && database.table('Interface').by('byName', patch) !== undefined && left > 0) {
      setTimeout(() => this.#wake(), left).unref()
      return
    }
    await this.#giveBack(journal)
    this.#leaving = undefined
  }

  async #giveBack(journal: Journal): Promise<void> {
    const { netlink, database, journal: path, logger } = this.#options
    const nic = await netlink.linkByName(journal.nic)
    const bridge = await netlink.linkByName(externalBridge)
    const now = bridge === undefined ? undefined : await readHeld(netlink, bridge)
    // Also what somebody has set on the bridge meanwhile.
    const all = now === undefined ? journal : remember(journal, now.addresses, now.routes)
    this.#connection?.[Symbol.dispose]()
    this.#connection = undefined
    this.#connected = false
    this.#programmed = undefined
    this.#tell({ problem: this.#failure })
    await this.#commit(mappingOperations(database, false))
    if (nic !== undefined) await transfer(netlink, all, nic, bridge)
    await this.#commit(detachOperations(database, journal.nic, journal.madeBridge))
    // Routes of a link that went with its bridge, and what the kernel took away with an address, stand again.
    if (nic !== undefined) await transfer(netlink, all, nic, undefined)
    removeJournal(path)
    logger.info({ nic: journal.nic }, 'the NIC has its addresses and routes again')
  }

  async #commit(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return
    const outcome = await this.#options.database.transact(operations)
    if (outcome.status !== 'committed')
      throw new Error(`the local switch did not take a change: ${JSON.stringify(outcome)}`)
  }

  #tell(state: Partial<GatewayState>): void {
    const { nic, gateway, problem } = state
    this.#options.context.gateway.set(theGateway, { nic, gateway, problem })
  }
}

/** undefined while the switch has not made the port, or could not (-1). */
function openFlowPort(database: LocalDatabase, name: string): number | undefined {
  const port = database.table('Interface').by('byName', name)?.ofport
  return typeof port === 'number' && port > 0 ? port : undefined
}

const missing = (nic: string) => ({
  reason: 'GatewayInterfaceMissing',
  message: `gateway.interface: this host has no interface ${nic}; name the NIC that leads to the outer network`,
})

const unaddressed = (nic: string) => ({
  reason: 'GatewayInterfaceWithoutAddress',
  message: `gateway.interface: ${nic} has no address; mode shared needs the NIC by which the node is known in the outer network`,
})

/** ovn-controller's port on the bridge, the end of the way to the gateway router. */
function patchOf({ config, node }: Pick<HostContext, 'config' | 'node'>): string {
  const localnet = ovnNames(config.ovn.clusterName).of(`localnet-${externalSwitchName(node)}`)
  return `patch-${localnet}-to-${integrationBridge}`
}
