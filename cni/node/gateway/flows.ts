import { type Cidr, type Family, type IpAddress, ipFamily } from '@ovnkit/inet'

/** What the flows of the outer bridge are made of. */
export interface FlowFacts {
  /** OpenFlow ports of the NIC, and of the patch to the integration bridge. */
  readonly nic: number
  readonly patch: number
  /** The node's MAC and addresses out there. */
  readonly mac: string
  readonly addresses: readonly IpAddress[]
  readonly nextHops: readonly IpAddress[]
  /** Ranges of pods; those of `translated` leave with the node's address, unless the destination is in `untranslated`. */
  readonly overlay: readonly Cidr[]
  readonly translated: readonly Cidr[]
  readonly untranslated: readonly Cidr[]
  readonly tunnelPort: number
  readonly vlan: number
}

/** Marks flows as ours. */
export const flowCookie = '0x7a65787400000001'
/** Of conntrack. Zones of OVN are counted from 1. */
const zone = 64000
/** Half of what pods' connections get as ports: 16384 to 32767, one mask. The host's own begin at 32768 (ip_local_port_range), so the two never meet. */
const ports = { range: '16384-32767', match: '0x4000/0xc000' }

const words = {
  4: { ip: 'ip', tcp: 'tcp', udp: 'udp', icmp: 'icmp', source: 'nw_src', destination: 'nw_dst' },
  6: { ip: 'ipv6', tcp: 'tcp6', udp: 'udp6', icmp: 'icmp6', source: 'ipv6_src', destination: 'ipv6_dst' },
} as const

/**
 * Flows of the outer bridge (ovs-ofctl(8)), all that it has beside the one that makes it an ordinary switch, which serves the host and stays when ours are lost.
 *
 * Table 0 takes what comes from pods (the patch) and what comes in for them; table 2 sends pods' packets out, translated to the node's address by conntrack; table 1
 * tells by conntrack whose answer it is that came in. The host's own connections need no entry. A connection of a pod that began before it came this way
 * (through the host) goes on there.
 */
export function gatewayFlows(facts: FlowFacts): string[] {
  const families = ([4, 6] as const).flatMap(family => {
    const address = facts.addresses.find(ip => ipFamily(ip) === family)
    return address === undefined ? [] : [...outgoing(facts, family, address), ...incoming(facts, family, address)]
  })
  return [...neighbours(facts), ...families, ...answers(facts)].map(flow => `cookie=${flowCookie},${flow}`)
}

const toWire = ({ nic, vlan }: FlowFacts): string =>
  vlan === 0 ? `output:${nic}` : `push_vlan:0x8100,set_field:${vlan | 0x1000}->vlan_vid,output:${nic}`
const fromWire = ({ nic, vlan }: FlowFacts): string =>
  vlan === 0 ? `in_port=${nic}` : `in_port=${nic},dl_vlan=${vlan}`
const untagged = ({ vlan }: FlowFacts): string => (vlan === 0 ? '' : 'pop_vlan,')
const of = (ranges: readonly Cidr[], family: Family): string[] =>
  ranges.filter(range => range.family === family).map(({ text }) => text)

/** Questions and answers about neighbours: the gateway router asks on its own, and hears what the host hears. */
function neighbours(facts: FlowFacts): string[] {
  const both = `actions=${untagged(facts)}output:${facts.patch},LOCAL`
  const wire = fromWire(facts)
  return [
    `table=0,priority=100,in_port=${facts.patch},arp,actions=${toWire(facts)}`,
    `table=0,priority=100,in_port=${facts.patch},icmp6,icmp_type=135,actions=${toWire(facts)}`,
    `table=0,priority=100,in_port=${facts.patch},icmp6,icmp_type=136,actions=${toWire(facts)}`,
    `table=0,priority=100,${wire},arp,arp_op=2,${both}`,
    `table=0,priority=100,${wire},icmp6,icmp_type=136,${both}`,
    // A router that took over from another one says so by a question.
    ...facts.nextHops
      .filter(ip => ipFamily(ip) === 4)
      .map(ip => `table=0,priority=100,${wire},arp,arp_op=1,arp_spa=${ip},${both}`),
  ]
}

function outgoing(facts: FlowFacts, family: Family, address: IpAddress): string[] {
  const { ip, tcp, source, destination } = words[family]
  const { patch, mac } = facts
  const out = toWire(facts)
  const nat = family === 4 ? `${address}:${ports.range}` : `[${address}]:${ports.range}`
  return [
    `table=0,priority=50,in_port=${patch},${ip},actions=ct(table=2,zone=${zone},nat)`,
    `table=2,priority=100,ct_state=+trk+est,${ip},actions=${out}`,
    `table=2,priority=100,ct_state=+trk+rel,${ip},actions=${out}`,
    // Sent once more before anybody answered: it is new still, and translated already.
    `table=2,priority=100,ct_state=+trk+new,ct_mark=1,${ip},actions=${out}`,
    ...of(facts.untranslated, family).map(range => `table=2,priority=90,${ip},${destination}=${range},actions=${out}`),
    ...of(facts.translated, family).flatMap(range => [
      `table=2,priority=80,ct_state=+trk+new,${tcp},tcp_flags=-syn,${source}=${range},actions=set_field:${mac}->eth_dst,LOCAL`,
      `table=2,priority=70,ct_state=+trk+new,${ip},${source}=${range},actions=ct(commit,zone=${zone},nat(src=${nat}),exec(set_field:1->ct_mark)),${out}`,
    ]),
    ...of(facts.overlay, family).map(
      range =>
        `table=2,priority=60,ct_state=-inv,${ip},${source}=${range},actions=${untouched(facts, family, range, out)}`,
    ),
  ]
}

/** What is left of a translated range is no connection of its own; the others go as they are. */
function untouched({ translated }: FlowFacts, family: Family, range: string, out: string): string {
  return of(translated, family).includes(range) ? 'drop' : out
}

function incoming(facts: FlowFacts, family: Family, address: IpAddress): string[] {
  const { ip, tcp, udp, icmp, destination } = words[family]
  const wire = fromWire(facts)
  const track = `actions=${untagged(facts)}ct(table=1,zone=${zone},nat)`
  const ours = `${destination}=${address}`
  return [
    `table=0,priority=120,${wire},${udp},${ours},tp_dst=${facts.tunnelPort},actions=${untagged(facts)}LOCAL`,
    ...of(facts.overlay, family).map(
      range =>
        `table=0,priority=110,${wire},${ip},${destination}=${range},actions=${untagged(facts)}output:${facts.patch}`,
    ),
    ...[tcp, udp].map(protocol => `table=0,priority=90,${wire},${protocol},${ours},tp_dst=${ports.match},${track}`),
    `table=0,priority=90,${wire},${icmp},${ours},${track}`,
    `table=0,priority=95,${wire},${ip},${ours},nw_frag=yes,${track}`,
  ]
}

function answers({ patch }: FlowFacts): string[] {
  // What conntrack found here says nothing about the zones of the integration bridge.
  const on = `actions=ct_clear,output:${patch}`
  return [
    `table=1,priority=100,ct_state=+trk+est,ct_mark=1,${on}`,
    `table=1,priority=100,ct_state=+trk+rel,ct_mark=1,${on}`,
    'table=1,priority=0,actions=LOCAL',
  ]
}
