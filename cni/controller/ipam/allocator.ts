import { type OvnNames, podPortName } from '@ovnkit/cni-api'
import type { IpAddress, IpRange } from '@ovnkit/inet'
import { type ReadableStore, Store } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import type { Network } from '../subnet/network.ts'
import { type Assigned, type Assignment, sameUsage, type Usage } from './assignment.ts'
import { choose, type PodWishes } from './choose.ts'
import type { Claims } from './claims.ts'
import type { ForeignPort } from './foreign-port.ts'
import { type Hold, Holds } from './holds.ts'
import { machineHolder, NetworkBook, podHolder } from './network-book.ts'
import type { Candidates } from './select.ts'
import type { Sighting } from './sightings.ts'
import { WaitingRoom } from './waiting-room.ts'

export interface AllocatorOptions {
  readonly pods: ReadableStore<PodFacts>
  readonly networks: ReadableStore<Network>
  readonly foreign: ReadableStore<ForeignPort>
  readonly sightings: ReadableStore<Sighting>
  readonly candidates: Candidates
  readonly claims: Claims
  readonly hasNode: (node: string) => boolean
  readonly wishesOf: (pod: PodFacts) => PodWishes
  /** Addresses that a node's pods take first. */
  readonly prefer: (node: string, network: Network) => IpRange | undefined
  /** Under which a pod's port is bound. */
  readonly portNames: Pick<OvnNames, 'of'>
  /** Ports that a switch can have. */
  readonly portsLimit: number
  /** Tells the pod's owner why it has no address; once per finding. */
  readonly report: (pod: PodFacts, reason: string, message: string) => void
}

/**
 * Gives every scheduled pod its addresses, once. What it decides is in `assignments`; renders read it there. All calls are synchronous, so two pods can
 * never get the same address. It starts empty: `restore` and `hold` tell it what is in use before the first `podChanged`.
 */
export class Allocator {
  readonly assignments: Store<Assignment, 'network'> = new Store<Assignment, 'network'>({
    name: 'assignments',
    indexes: { network: assignment => (assignment.state === 'assigned' ? [assignment.network] : []) },
  })
  readonly usage: Store<Usage> = new Store<Usage>({ name: 'usage', equals: sameUsage })
  readonly #options: AllocatorOptions
  readonly #books = new Map<string, NetworkBook>()
  readonly #waiting = new WaitingRoom()
  readonly #reported = new Map<string, string>()
  readonly #foreign = new Map<string, { network: string; holder: string }>()
  readonly #sighted = new Map<string, { network: string; holder: string }>()
  readonly #holds: Holds
  /** What static pods were given: their mirrors may be deleted and made anew while they run. One entry a name. */
  readonly #last = new Map<string, { uid: string; addresses: readonly IpAddress[] }>()

  constructor(options: AllocatorOptions) {
    this.#options = options
    const { claims, hasNode } = options
    this.#holds = new Holds({ claims, hasNode, onEnd: hold => this.#free(hold.network, hold.holder) })
  }

  /** Somebody has addresses of the network: a pod, a held one, a foreign port. */
  inUse(network: string): boolean {
    return this.#books.get(network)?.inUse === true
  }

  /** Pods gone whose addresses are kept because their ports may still be bound. */
  get held(): number {
    return this.#holds.size
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** A network appeared, changed or went. */
  networkChanged(key: string): void {
    const network = this.#options.networks.get(key)
    if (network === undefined) {
      this.#books.delete(key)
      this.usage.delete(key)
      return
    }
    const book = this.#books.get(key)
    if (book === undefined) {
      this.#books.set(key, new NetworkBook(network, this.#options.portsLimit))
      for (const sighting of this.#options.sightings.keys()) this.sightingChanged(sighting)
    } else book.setExcluded(network.exclude)
    this.#tellUsage(key)
  }

  /** The Subnets changed in some way: all pods that wait are tried again. */
  retryAll(): void {
    for (const pod of this.#waiting.queue()) this.podChanged(pod)
  }

  /** A pod appeared, changed or went. */
  podChanged(key: string): void {
    const pod = this.#options.pods.get(key)
    const current = this.assignments.get(key)
    if (current !== undefined && (pod === undefined || pod.ended || pod.uid !== current.uid)) this.#retire(key, current)
    if (pod === undefined || pod.ended || pod.node === '') return
    if (this.assignments.get(key)?.state !== 'assigned') this.#assign(key, pod)
  }

  /** Notes what a running pod is known to have. Returns false when somebody else has it, or there is no such network. */
  restore(key: string, pod: PodFacts, network: string, addresses: readonly IpAddress[]): boolean {
    const book = this.#books.get(network)
    if (book === undefined || addresses.some(address => book.holderOf(address) !== undefined)) return false
    book.adopt(podHolder(key, pod.uid), addresses, 'pod')
    this.#tellUsage(network)
    this.#remember(key, pod, addresses)
    this.assignments.set(key, { state: 'assigned', uid: pod.uid, node: pod.node, network, addresses })
    return true
  }

  /** Keeps the addresses of a pod that is gone from reuse until nothing claims its port. */
  hold(hold: Hold): void {
    this.#books.get(hold.network)?.adopt(hold.holder, hold.addresses)
    this.#holds.add(hold)
    this.#tellUsage(hold.network)
  }

  /** The binding of one port may have changed, or of any. */
  claimsChanged(port?: string): void {
    if (this.#holds.size > 0) this.#holds.recheck(port)
  }

  /** A port that is not ours appeared on a network's switch, changed or went. */
  foreignChanged(uuid: string): void {
    const before = this.#foreign.get(uuid)
    if (before !== undefined) this.#free(before.network, before.holder)
    this.#foreign.delete(uuid)
    const port = this.#options.foreign.get(uuid)
    const book = port && this.#books.get(port.network)
    if (port === undefined || book === undefined) return
    const holder = `port ${port.name}#${uuid}`
    this.#foreign.set(uuid, { network: port.network, holder })
    book.adopt(
      holder,
      port.addresses.filter(address => book.contains(address)),
      'foreign',
    )
    this.#tellUsage(book.key)
  }

  /** A node found somebody with an address that a pod was to get, or has forgotten it: nobody else gets it until then, and the pod gets another one. */
  sightingChanged(key: string): void {
    const before = this.#sighted.get(key)
    this.#sighted.delete(key)
    const sighting = this.#options.sightings.get(key)
    const book = sighting && [...this.#books.values()].find(one => one.contains(sighting.address))
    const holder = sighting && machineHolder(sighting)
    if (sighting !== undefined && book !== undefined && holder !== undefined) {
      this.#sighted.set(key, { network: book.key, holder })
      if (before?.holder !== holder) book.adopt(holder, [sighting.address])
      this.#giveAnother(sighting, book)
      this.#tellUsage(book.key)
    }
    if (before !== undefined && before.holder !== holder) this.#free(before.network, before.holder)
  }

  /** It never had the address: no port of it was bound. */
  #giveAnother({ pod: key, uid, address, mac, node }: Sighting, book: NetworkBook): void {
    const current = this.assignments.get(key)
    const pod = this.#options.pods.get(key)
    if (pod === undefined || current?.state !== 'assigned' || current.uid !== uid) return
    if (!current.addresses.includes(address)) return
    book.drop(podHolder(key, uid))
    this.assignments.delete(key)
    const message = `${address} is in use by ${mac} on the provider's network, as node ${node} found; it is left alone for a while`
    this.#options.report(pod, 'AddressConflict', message)
    this.podChanged(key)
  }

  #assign(key: string, pod: PodFacts): void {
    const outcome = this.#reclaim(key, pod) ?? this.#choose(key, pod)
    if (outcome.state !== 'assigned') {
      const { needs, ...assignment } = outcome
      this.#waiting.put(key, needs)
      this.assignments.set(key, assignment)
      if (this.#reported.get(key) === outcome.message) return
      this.#reported.set(key, outcome.message)
      this.#options.report(pod, outcome.reason, outcome.message)
      return
    }
    this.#forget(key)
    this.#remember(key, pod, outcome.addresses)
    this.assignments.set(key, outcome)
    this.#tellUsage(outcome.network)
  }

  #choose(key: string, pod: PodFacts) {
    const { candidates, wishesOf, networks, prefer } = this.#options
    const wishes = wishesOf(pod)
    const last = this.#last.get(key)
    const recorded = last?.uid === pod.uid ? last.addresses : wishes.recorded
    return choose(
      key,
      pod,
      { ...wishes, recorded },
      {
        candidates,
        book: network => this.#books.get(network),
        prefer: (node, name) => {
          const network = networks.get(name)
          return network && prefer(node, network)
        },
      },
    )
  }

  #remember(key: string, pod: PodFacts, addresses: readonly IpAddress[]): void {
    if (pod.uid !== pod.objectUid) this.#last.set(key, { uid: pod.uid, addresses })
  }

  /** The addresses that are still held of the same instance. */
  #reclaim(key: string, pod: PodFacts): Assigned | undefined {
    const holder = podHolder(key, pod.uid)
    const hold = this.#holds.reclaim(holder)
    if (hold === undefined) return undefined
    this.#books.get(hold.network)?.adopt(holder, [], 'pod')
    return { state: 'assigned', uid: pod.uid, node: pod.node, network: hold.network, addresses: hold.addresses }
  }

  #retire(key: string, current: Assignment): void {
    this.#forget(key)
    this.assignments.delete(key)
    if (current.state !== 'assigned') return
    const holder = podHolder(key, current.uid)
    this.#books.get(current.network)?.dropPort(holder)
    const [namespace = '', name = ''] = key.split('/')
    const { network, addresses, node } = current
    this.#holds.add({
      holder,
      network,
      port: this.#options.portNames.of(podPortName(namespace, name)),
      addresses,
      node,
    })
    this.#tellUsage(network)
    this.#retryNetwork(network)
  }

  #forget(key: string): void {
    this.#waiting.remove(key)
    this.#reported.delete(key)
  }

  #free(network: string, holder: string): void {
    const book = this.#books.get(network)
    const addresses = book?.drop(holder) ?? []
    if (addresses.length === 0) return
    this.#tellUsage(network)
    for (const address of addresses) {
      for (const pod of this.#waiting.queue({ kind: 'address', key: address })) this.podChanged(pod)
    }
    this.#retryNetwork(network)
  }

  /** Serves the pods that wait for room in a network, as many as there is room for. */
  #retryNetwork(key: string): void {
    for (const pod of this.#waiting.queue({ kind: 'network', key })) {
      const book = this.#books.get(key)
      if (book === undefined || !book.hasRoom) return
      this.podChanged(pod)
    }
  }

  #tellUsage(key: string): void {
    const book = this.#books.get(key)
    if (book !== undefined) this.usage.set(key, book.usage)
  }
}
