import { formatNodeGateway, type NodeGateway, parseNodeGateway } from '@ovnkit/cni-api'
import { parseCidr, parseIp, parseMac } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import type { NodeFacts } from '../facts/node.ts'
import { egressPolicies, gatewayRows } from './gateway.ts'

const node: NodeFacts = {
  name: 'n1',
  uid: 'u1',
  chassis: 'chassis-1',
  internal: [parseIp('192.0.2.11')],
  addresses: [parseIp('192.0.2.11')],
  annotations: {},
  zone: '',
  labels: {},
  ready: true,
  schedulable: true,
}
const join = [parseCidr('100.64.0.0/16'), parseCidr('fd98::/64')]
const plan = { node, join, place: { index: 2, addresses: [parseIp('100.64.0.2'), parseIp('fd98::2')] } }
const gateway: NodeGateway = {
  mac: parseMac('0a:00:00:00:00:01'),
  addresses: [
    { ip: parseIp('192.0.2.11'), prefixLength: 24 },
    { ip: parseIp('2001:db8::11'), prefixLength: 64 },
  ],
  nextHops: [parseIp('192.0.2.1'), parseIp('2001:db8::1')],
  mtu: 1450,
  ready: true,
}
const services = [parseCidr('10.96.0.0/16'), parseCidr('fd96::/108')]

describe('where the pods of a node leave', () => {
  const ways = (state: NodeGateway | undefined) =>
    egressPolicies({ ...plan, services, gateway: state }).map(({ columns }) => [
      columns.priority,
      String(columns.match).replace(/^.*is_chassis_resident\("node-n1"\)( && )?/, ''),
      columns.nexthops,
    ])

  it('is the host, in mode local and until the bridge takes them', () => {
    const host = [
      [10000, '', ['100.64.0.2']],
      [10000, '', ['fd98::2']],
    ]
    expect(ways(undefined)).toEqual(host)
    expect(ways({ ...gateway, ready: false })).toEqual(host)
  })

  it('is the gateway router; what hosts serve, and Service addresses that nobody does, stay with the host', () => {
    expect(ways(gateway)).toEqual([
      [10000, '', ['100.64.128.2']],
      [11000, 'ip4.dst == $services_external_v4', ['100.64.0.2']],
      [11000, 'ip4.dst == 10.96.0.0/16', ['100.64.0.2']],
      [10000, '', ['fd98::8000:0:0:2']],
      [11000, 'ip6.dst == $services_external_v6', ['fd98::2']],
      [11000, 'ip6.dst == fd96::/108', ['fd98::2']],
    ])
  })

  it('is the host for a family that the node does not have out there', () => {
    const [first] = gateway.addresses
    const four = first === undefined ? [] : [first]
    expect(ways({ ...gateway, addresses: four }).filter(([, , hop]) => String(hop).startsWith('fd98'))).toEqual([
      [10000, '', ['fd98::2']],
    ])
  })
})

describe('the gateway router of a node', () => {
  const rows = gatewayRows({ ...plan, gateway })
  const named = (name: string) => rows.find(({ columns }) => columns.name === name)?.columns

  it('is bound to the chassis and has the node’s own MAC and addresses out there', () => {
    expect(named('gw-n1')?.options).toMatchObject({ chassis: 'chassis-1' })
    expect(named('gw-n1-ext')).toMatchObject({
      mac: '0a:00:00:00:00:01',
      networks: ['192.0.2.11/24', '2001:db8::11/64'],
    })
  })

  it('answers what is too large for pods: its inner port knows their MTU', () => {
    expect(named('gw-n1-join')?.options).toEqual({ gateway_mtu: '1450' })
  })

  it('leads to the outer routers, and into our networks by the cluster router', () => {
    const routes = rows.filter(({ table }) => table === 'Logical_Router_Static_Route').map(({ columns }) => columns)
    expect(routes).toContainEqual(expect.objectContaining({ ip_prefix: '0.0.0.0/0', nexthop: '192.0.2.1' }))
    expect(routes).toContainEqual(expect.objectContaining({ ip_prefix: '::/0', nexthop: '2001:db8::1' }))
    const inside = rows.filter(({ table }) => table === 'Logical_Router_Policy').map(({ columns }) => columns)
    expect(inside.map(({ match, nexthops }) => [match, nexthops])).toEqual([
      ['ip4.dst == $overlay_v4', ['100.64.0.1']],
      ['ip6.dst == $overlay_v6', ['fd98::1']],
    ])
  })

  it('is nothing without an address out there', () => {
    expect(gatewayRows({ ...plan, gateway: { ...gateway, addresses: [] } })).toEqual([])
  })
})

it('what an agent tells is read back as it was; what somebody wrote by hand is nothing', () => {
  expect(parseNodeGateway(formatNodeGateway(gateway))).toEqual(gateway)
  expect(parseNodeGateway('{"mac":"x"}')).toBeUndefined()
})
