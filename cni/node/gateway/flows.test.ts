import { parseCidr, parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { type FlowFacts, flowCookie, gatewayFlows } from './flows.ts'

const facts: FlowFacts = {
  nic: 1,
  patch: 2,
  mac: '02:00:00:00:00:01',
  addresses: [parseIp('192.0.2.11'), parseIp('2001:db8::11')],
  nextHops: [parseIp('192.0.2.1'), parseIp('2001:db8::1')],
  overlay: [parseCidr('10.244.0.0/16'), parseCidr('10.61.0.0/24'), parseCidr('fd10:244::/64')],
  translated: [parseCidr('10.244.0.0/16'), parseCidr('fd10:244::/64')],
  untranslated: [parseCidr('172.16.0.0/12')],
  tunnelPort: 4789,
  vlan: 0,
}
const flowsOf = (changes: Partial<FlowFacts> = {}) =>
  gatewayFlows({ ...facts, ...changes }).map(flow => flow.replace(`cookie=${flowCookie},`, ''))
const having = (flows: readonly string[], ...parts: readonly string[]) =>
  flows.filter(flow => parts.every(part => flow.includes(part)))
const priority = (flow: string | undefined) => Number(/priority=(\d+)/.exec(flow ?? '')?.[1])

describe('flows of the outer bridge', () => {
  it('carry our cookie, all of them, and none stands twice', () => {
    const flows = gatewayFlows(facts)
    expect(flows.every(flow => flow.startsWith(`cookie=${flowCookie},`))).toBe(true)
    expect(new Set(flows.map(flow => flow.replace(/,actions=.*/, ''))).size).toBe(flows.length)
  })

  it('translate what pods of translated ranges send, in ports that the host does not use', () => {
    const flows = flowsOf()
    expect(having(flows, 'nat(src=').map(flow => flow.replace(/.*(?:nw|ipv6)_src=/, ''))).toEqual([
      '10.244.0.0/16,actions=ct(commit,zone=64000,nat(src=192.0.2.11:16384-32767),exec(set_field:1->ct_mark)),output:1',
      'fd10:244::/64,actions=ct(commit,zone=64000,nat(src=[2001:db8::11]:16384-32767),exec(set_field:1->ct_mark)),output:1',
    ])
  })

  it('send what nobody has answered yet out again: conntrack has translated it, so no range matches its source any more', () => {
    const again = having(flowsOf(), 'table=2', 'ct_state=+trk+new', 'ct_mark=1')
    expect(again.map(flow => flow.replace(/.*ct_mark=1,/, ''))).toEqual([
      'ip,actions=output:1',
      'ipv6,actions=output:1',
    ])
    expect(priority(again[0])).toBeGreaterThan(priority(having(flowsOf(), 'tcp_flags=-syn')[0]))
  })

  it('let other pods, and excluded destinations, see and be seen with their own addresses', () => {
    const flows = flowsOf()
    expect(having(flows, 'nw_src=10.61.0.0/24')).toEqual([
      'table=2,priority=60,ct_state=-inv,ip,nw_src=10.61.0.0/24,actions=output:1',
    ])
    const [excluded] = having(flows, 'nw_dst=172.16.0.0/12')
    expect(excluded).toContain('actions=output:1')
    expect(priority(excluded)).toBeGreaterThan(priority(having(flows, 'nat(src=192')[0]))
    expect(having(flows, 'nw_dst=10.61.0.0/24')).toEqual([
      'table=0,priority=110,in_port=1,ip,nw_dst=10.61.0.0/24,actions=output:2',
    ])
  })

  it('send a connection that began through the host on through the host', () => {
    const [old] = having(flowsOf(), 'tcp_flags=-syn', 'nw_src=10.244.0.0/16')
    expect(old).toContain(`set_field:${facts.mac}->eth_dst,LOCAL`)
    expect(priority(old)).toBeGreaterThan(priority(having(flowsOf(), 'nat(src=192')[0]))
  })

  it('leave tunnels, and whatever is not for pods, to the host', () => {
    const flows = flowsOf()
    const [tunnel] = having(flows, 'udp,nw_dst=192.0.2.11', 'tp_dst=4789')
    expect(tunnel).toContain('actions=LOCAL')
    // Its port is of the half that pods have as well.
    expect(priority(tunnel)).toBeGreaterThan(priority(having(flows, 'udp,nw_dst=192.0.2.11', 'tp_dst=0x4000')[0]))
    expect(having(flows, 'table=1').at(-1)).toBe('table=1,priority=0,actions=LOCAL')
  })

  it('lead errors of ICMP and fragments past conntrack, which knows whose they are', () => {
    const flows = flowsOf()
    for (const kind of ['icmp,nw_dst=192.0.2.11', 'icmp6,ipv6_dst=2001:db8::11', 'nw_frag=yes'])
      expect(having(flows, kind)[0]).toContain('ct(table=1,zone=64000,nat)')
    expect(having(flows, 'table=1', 'ct_state=+trk+rel', 'ct_mark=1')).toHaveLength(1)
  })

  it('tag what leaves and untag what comes in, in a VLAN', () => {
    const flows = flowsOf({ vlan: 40 })
    expect(having(flows, 'nat(src=192')[0]).toContain(`push_vlan:0x8100,set_field:${40 | 0x1000}->vlan_vid,output:1`)
    const inside = having(flows, 'in_port=1')
    expect(inside.every(flow => flow.includes('in_port=1,dl_vlan=40') && flow.includes('actions=pop_vlan,'))).toBe(true)
  })

  it('are of the families that the node has out there', () => {
    const four = flowsOf({ addresses: [parseIp('192.0.2.11')], nextHops: [parseIp('192.0.2.1')] })
    expect(having(four, 'ipv6,')).toEqual([])
    expect(having(four, 'nat(src=')).toHaveLength(1)
  })
})
