import { ovnNames } from '@ovnkit/cni-api'
import type { IpAddress } from '@ovnkit/inet'
import { parseCidr, parseIp, parseRange } from '@ovnkit/inet'
import { Store, same } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import { type Network, networkKey } from '../subnet/network.ts'
import { Allocator, type AllocatorOptions } from './allocator.ts'
import type { Claims } from './claims.ts'
import type { ForeignPort } from './foreign-port.ts'
import type { Candidate } from './select.ts'
import type { Sighting } from './sightings.ts'
import { wishesOf } from './wishes.ts'

/** Bindings as a test wants them. */
export class FakeClaims implements Claims {
  known = true
  readonly bound = new Map<string, readonly string[]>()
  claimed(port: string, addresses: readonly IpAddress[]): boolean {
    return addresses.some(address => this.bound.get(port)?.includes(address))
  }
  subscribe(): Disposable {
    return { [Symbol.dispose]: () => {} }
  }
}

export function network(subnet: string, cidr: string, options: { exclude?: readonly string[] } = {}): Network {
  const ranges = cidr.split(',').map(text => parseCidr(text))
  return {
    key: networkKey(ranges),
    subnet,
    ranges,
    gateways: ranges.map(range =>
      parseIp(range.family === 4 ? range.network.replace(/\d+$/, n => String(Number(n) + 1)) : `${range.network}1`),
    ),
    exclude: (options.exclude ?? []).map(parseRange),
    services: true,
    dhcp: false,
  }
}

export interface World {
  readonly allocator: Allocator
  readonly pods: Store<PodFacts>
  readonly networks: Store<Network>
  readonly foreign: Store<ForeignPort>
  readonly sightings: Store<Sighting>
  readonly candidates: Map<string, Candidate>
  readonly claims: FakeClaims
  readonly nodes: Set<string>
  /** `namespace/name reason`, in order. */
  readonly events: string[]
  addNetwork(value: Network, options?: { namespaces?: string[]; open?: boolean }): void
  addPod(name: string, options?: Partial<PodFacts>): void
  addressOf(name: string): string
}

/** An allocator with everything around it in memory, wired as the controller wires it. */
export function world(options: Partial<AllocatorOptions> = {}): World {
  const pods = new Store<PodFacts>({ name: 'pods', equals: same })
  const networks = new Store<Network>({ name: 'networks', equals: same })
  const foreign = new Store<ForeignPort>({ name: 'foreign', equals: same })
  const sightings = new Store<Sighting>({ name: 'sightings', equals: same })
  const candidates = new Map<string, Candidate>()
  const claims = new FakeClaims()
  const nodes = new Set(['n'])
  const events: string[] = []
  const allocator = new Allocator({
    portNames: ovnNames(''),
    sightings,
    pods,
    networks,
    foreign,
    candidates: {
      get: subnet => candidates.get(subnet),
      forNamespace: namespace => [...candidates.values()].filter(one => one.namespaces.includes(namespace)),
      default: () => candidates.get('default'),
    },
    claims,
    hasNode: node => nodes.has(node),
    wishesOf,
    prefer: () => undefined,
    portsLimit: 32767,
    report: (pod, reason) => events.push(`${pod.namespace}/${pod.name} ${reason}`),
    ...options,
  })
  networks.subscribe(key => allocator.networkChanged(key))
  pods.subscribe(key => allocator.podChanged(key))
  foreign.subscribe(key => allocator.foreignChanged(key))
  sightings.subscribe(key => allocator.sightingChanged(key))
  return {
    allocator,
    pods,
    networks,
    foreign,
    sightings,
    candidates,
    claims,
    nodes,
    events,
    addNetwork(value, { namespaces = [], open = true } = {}) {
      networks.set(value.key, value)
      candidates.set(value.subnet, {
        subnet: value.subnet,
        network: value.key,
        open,
        problem: 'closed',
        namespaces,
        created: candidates.size,
      })
      allocator.retryAll()
    },
    addPod(name, facts = {}) {
      pods.set(`ns/${name}`, {
        namespace: 'ns',
        name,
        uid: `uid-${name}`,
        objectUid: facts.uid ?? `uid-${name}`,
        node: 'n',
        created: 0,
        ended: false,
        labels: {},
        hostPorts: [],
        ports: [],
        annotations: {},
        ...facts,
      })
    },
    addressOf(name) {
      const assignment = allocator.assignments.get(`ns/${name}`)
      return assignment?.state === 'assigned' ? assignment.addresses.join(',') : (assignment?.reason ?? 'none')
    },
  }
}
