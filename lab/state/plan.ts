import { hostAddress, parseCidr } from '@ovnkit/inet'
import type { LabRecord } from './record.ts'

/** The lab's wire in one family: everybody's first NIC, without prefix lengths. */
export interface LabNetwork {
  readonly family: 4 | 6
  readonly prefixLength: number
  readonly control: string
  readonly host: string
  /** The machine that is on the wire and not of the cluster. */
  readonly client: string
  node(name: string): string
}

/** Addresses and names that follow from a lab's record. */
export interface Plan {
  /** Link of the host that leads into the lab. */
  readonly uplink: string
  /** One for each family of the cluster, its first family first. */
  readonly networks: readonly LabNetwork[]
  /** That of the first family, as all single addresses here. */
  readonly controlAddress: string
  readonly server: string
  readonly nb: string
  readonly sb: string
  /** Where the databases listen: every address of every family that there is. */
  readonly anyAddress: string
  /** The first address of each Service range: the API server's own Service. */
  readonly kubernetesServices: readonly string[]
  /** What kubelet gives to pods as their resolver. */
  readonly clusterDns: string
  /** The address of a Service that answers for names, tenth of the first Service range as everywhere. */
  readonly dnsService: string
  /** Path of the lab's control groups below every hierarchy. */
  readonly cgroup: string
  /** Three zones, one after the other. */
  zoneOf(node: string): string
  nodeAddress(node: string): string
  /** One for each family. */
  nodeAddresses(node: string): readonly string[]
  /** The same, with what network they are of. */
  addressesOf(node: string): Addresses
}

/** What a machine's own network set-up puts on a link: networks, and its address in each. */
export type Addresses = readonly (readonly [LabNetwork, string])[]

/** The host's end of a lab's wire. */
export const uplinkOf = (slot: number): string => `ovnkit${slot}`

export function planOf(record: LabRecord): Plan {
  const networks = networksOf(record)
  const control = networks[0]?.control ?? ''
  const ranges = record.serviceCidr.split(',')
  const kind = record.tls ? 'ssl' : 'tcp'
  const dnsService = nth(ranges[0] ?? '', 10n)
  return {
    uplink: uplinkOf(record.slot),
    networks,
    controlAddress: control,
    server: `https://${inUrl(control)}:6443`,
    nb: `${kind}:${inUrl(control)}:6641`,
    sb: `${kind}:${inUrl(control)}:6642`,
    anyAddress: networks.some(({ family }) => family === 6) ? '[::]' : '0.0.0.0',
    kubernetesServices: ranges.map(range => nth(range, 1n)),
    clusterDns: record.clusterDns === 'service' ? dnsService : record.clusterDns,
    dnsService,
    cgroup: `ovnkit-lab-${record.name}`,
    zoneOf: node => `zone-${['a', 'b', 'c'][indexOf(record, node) % 3]}`,
    nodeAddress: node => networks[0]?.node(node) ?? '',
    nodeAddresses: node => networks.map(network => network.node(node)),
    addressesOf: node => networks.map(network => [network, network.node(node)]),
  }
}

/** An address as URLs and OVSDB remotes have it. */
export const inUrl = (address: string) => (address.includes(':') ? `[${address}]` : address)

const nth = (range: string, n: bigint) => hostAddress(parseCidr(range), n)

function networksOf(record: LabRecord): LabNetwork[] {
  const four = `192.168.${record.slot}`
  const six = `fd00:${record.slot.toString(16)}:`
  const ipv4: LabNetwork = {
    family: 4,
    prefixLength: 24,
    control: `${four}.1`,
    host: `${four}.254`,
    client: `${four}.253`,
    node: name => `${four}.${11 + indexOf(record, name)}`,
  }
  const ipv6: LabNetwork = {
    family: 6,
    prefixLength: 64,
    control: `${six}:1`,
    host: `${six}:fe`,
    client: `${six}:fd`,
    node: name => `${six}:${(11 + indexOf(record, name)).toString(16)}`,
  }
  return { ipv4: [ipv4], ipv6: [ipv6], dual: [ipv4, ipv6] }[record.families]
}

function indexOf(record: LabRecord, node: string): number {
  const index = record.nodes.indexOf(node)
  if (index < 0) throw new Error(`lab ${record.name} has no node ${node}; it has ${record.nodes.join(', ')}`)
  return index
}
