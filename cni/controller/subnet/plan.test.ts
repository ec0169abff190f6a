import { formatRange, parseCidr, parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { ForeignSwitch } from './placement.ts'
import { type Plan, type PlanInput, planNetworks } from './plan.ts'

type Options = Partial<Omit<SubnetFacts, 'spec'>> & { gateway?: string; spec?: Partial<SubnetFacts['spec']> }

function subnet(name: string, cidr: string, options: Options = {}): SubnetFacts {
  const gateway = options.gateway ?? cidr.replace(/0\/\d+$/, '1')
  const { spec, gateway: _, ...facts } = options
  return {
    name,
    uid: name,
    created: 1,
    generation: 1,
    deleting: false,
    automatic: false,
    ...facts,
    spec: { cidr, gateway, ...spec },
  }
}

function plan(subnets: readonly SubnetFacts[], options: Partial<PlanInput> & { before?: Plan } = {}): Plan {
  const { before, ...input } = options
  return planNetworks({
    subnets,
    current: before?.networks.values() ?? [],
    inUse: () => before !== undefined,
    external: false,
    foreignSwitch: () => undefined,
    reserved: [{ name: 'the service range', range: parseCidr('10.96.0.0/16') }],
    nodeAddresses: [{ node: 'a', address: parseIp('192.168.0.10') }],
    ...input,
  })
}

const networksOf = (result: Plan) => [...result.networks.values()].map(network => `${network.subnet} ${network.key}`)
const reasonOf = (result: Plan, name: string) => {
  const verdict = result.verdicts.get(name)
  return verdict?.kind === 'refused' ? verdict.problem.reason : verdict?.kind
}
const automatic = () => subnet('default', '10.244.0.0/16', { automatic: true })

describe('planning networks', () => {
  it('accepts Subnets that do not touch one another', () => {
    expect(networksOf(plan([subnet('a', '10.1.0.0/24'), subnet('b', '10.2.0.0/24')]))).toEqual([
      'a 10.1.0.0/24',
      'b 10.2.0.0/24',
    ])
  })

  it('gives an overlap to the older one, whatever the order', () => {
    const pair = [subnet('young', '10.1.0.0/16', { created: 2 }), subnet('old', '10.1.3.0/24', { created: 1 })]
    for (const subnets of [pair, pair.toReversed()]) {
      const result = plan(subnets)
      expect(networksOf(result)).toEqual(['old 10.1.3.0/24'])
      expect(result.verdicts.get('young')).toMatchObject({
        problem: { reason: 'Overlap', message: expect.stringContaining('Subnet old') },
      })
    }
  })

  it('refuses what touches the service range or a node', () => {
    const result = plan([subnet('s', '10.96.0.0/12', { gateway: '10.96.0.1' }), subnet('n', '192.168.0.0/24')])
    expect([reasonOf(result, 's'), reasonOf(result, 'n')]).toEqual(['Overlap', 'OverlapsNode'])
  })

  it('keeps a Subnet in use when a node joins with an address of its range, with a warning', () => {
    const before = plan([subnet('n', '192.168.0.0/24')], { nodeAddresses: [] })
    expect(plan([subnet('n', '192.168.0.0/24')], { before }).verdicts.get('n')).toMatchObject({
      kind: 'accepted',
      warning: { reason: 'OverlapsNode' },
    })
  })

  it('refuses another cidr or gateway while the Subnet is in use, and keeps the network as it was', () => {
    const before = plan([subnet('a', '10.1.0.0/24')])
    const cidr = plan([subnet('a', '10.9.0.0/24')], { before })
    expect([reasonOf(cidr, 'a'), ...networksOf(cidr)]).toEqual(['CIDRChanged', 'a 10.1.0.0/24'])
    const gateway = plan([subnet('a', '10.1.0.0/24', { gateway: '10.1.0.254' })], { before })
    expect([reasonOf(gateway, 'a'), gateway.networks.get('10.1.0.0/24')?.gateways]).toEqual([
      'GatewayChanged',
      ['10.1.0.1'],
    ])
    expect(networksOf(plan([subnet('a', '10.9.0.0/24')], { before, inUse: () => false }))).toEqual(['a 10.9.0.0/24'])
  })

  it('lets a user’s Subnet of the same range and gateway take the automatic one’s place, in use or not', () => {
    const before = plan([automatic()])
    for (const inUse of [true, false]) {
      const result = plan([automatic(), subnet('pods', '10.244.0.0/16', { created: 5 })], {
        before,
        inUse: () => inUse,
      })
      expect(networksOf(result)).toEqual(['pods 10.244.0.0/16'])
      expect(result.verdicts.get('default')).toEqual({ kind: 'superseded', by: 'pods' })
      const next = plan([automatic(), subnet('pods', '10.244.0.0/16', { created: 5 })], { before: result })
      expect(networksOf(next)).toEqual(['pods 10.244.0.0/16'])
    }
  })

  it('does not let another gateway or a part of the range take its place, and says how', () => {
    const other = plan([
      automatic(),
      subnet('pods', '10.244.0.0/16', { gateway: '10.244.255.254' }),
      subnet('part', '10.244.3.0/24'),
    ])
    expect(networksOf(other)).toEqual(['default 10.244.0.0/16'])
    expect(other.verdicts.get('pods')).toMatchObject({
      problem: { message: expect.stringContaining('take its place with cidr 10.244.0.0/16') },
    })
    expect(reasonOf(other, 'part')).toBe('Overlap')
  })

  it('keeps a Subnet that is deleted while it is in use, and lets it go after', () => {
    const before = plan([subnet('a', '10.1.0.0/24')])
    const deleting = [subnet('a', '10.1.0.0/24', { deleting: true })]
    expect(networksOf(plan(deleting, { before }))).toEqual(['a 10.1.0.0/24'])
    expect(reasonOf(plan(deleting, { before, inUse: () => false }), 'a')).toBe('gone')
  })

  it('keeps a network in use whose Subnet was removed by force, and gives it back to one like it', () => {
    const before = plan([subnet('a', '10.1.0.0/24')])
    expect(networksOf(plan([], { before }))).toEqual(['a 10.1.0.0/24'])
    expect(networksOf(plan([subnet('b', '10.1.0.0/24'), subnet('c', '10.1.0.0/16')], { before }))).toEqual([
      'b 10.1.0.0/24',
    ])
  })

  it('refuses what this mode cannot do', () => {
    const result = plan([
      subnet('zstack', '10.1.0.0/24', { spec: { externalLogicalSwitch: 'vpc' } }),
      subnet('vlan', '10.2.0.0/24', { spec: { vlanID: 100 } }),
    ])
    expect([reasonOf(result, 'zstack'), reasonOf(result, 'vlan')]).toEqual(['ExternalModeOnly', 'NoProvider'])
  })
})

describe('a Subnet on a network of others', () => {
  const vlan = (options: Options = {}) =>
    subnet('vlan', '10.2.0.0/24', { ...options, spec: { vlanID: 100, provider: 'p', ...options.spec } })
  const vpc = subnet('vpc', '10.1.0.0/24', { spec: { externalLogicalSwitch: 'ls' } })
  const found = (options: Partial<ForeignSwitch> = {}): Partial<PlanInput> => ({
    external: true,
    foreignSwitch: name =>
      name === 'ls' ? { ranges: [], gateways: [], used: new Set(), cluster: undefined, ...options } : undefined,
  })
  const interconnectOf = (result: Plan) =>
    [...result.networks.values()].flatMap(({ interconnect }) => interconnect ?? [])

  it('has the first address that is nobody’s for our router, and keeps it', () => {
    const first = plan([vlan({ spec: { excludeIPs: ['10.2.0.2-10.2.0.9'] } })])
    expect(interconnectOf(first)).toEqual(['10.2.0.10'])
    expect(interconnectOf(plan([vlan()], { before: first }))).toEqual(['10.2.0.10'])
    expect(interconnectOf(plan([vlan({ recordedInterconnect: '10.2.0.77' })]))).toEqual(['10.2.0.77'])
    expect(interconnectOf(plan([vpc], found({ used: new Set([parseIp('10.1.0.2')]) })))).toEqual(['10.1.0.3'])
  })

  it('gives neither that one nor addresses of nodes to pods, and may hold nodes', () => {
    const result = plan([vlan()], { nodeAddresses: [{ node: 'a', address: parseIp('10.2.0.2') }] })
    expect(result.verdicts.get('vlan')).toEqual({ kind: 'accepted', network: '10.2.0.0/24' })
    expect([...result.networks.values()][0]?.exclude.map(formatRange)).toEqual(['10.2.0.3', '10.2.0.2'])
  })

  it('is refused without room for our router', () => {
    expect(reasonOf(plan([vlan({ spec: { excludeIPs: ['10.2.0.0-10.2.0.255'] } })]), 'vlan')).toBe('InvalidCIDR')
  })

  it.each<[string, Partial<ForeignSwitch>]>([
    ['CIDRMismatch', { ranges: [parseCidr('10.1.0.0/16')] }],
    ['GatewayMismatch', { gateways: [{ ip: parseIp('10.1.0.254'), network: parseCidr('10.1.0.0/24') }] }],
    ['SwitchOfACluster', { cluster: 'other' }],
  ])('must agree with its switch: %s', (reason, options) => {
    expect(reasonOf(plan([vpc], found(options)), 'vpc')).toBe(reason)
  })

  it('waits for its switch, and is accepted when all agrees', () => {
    expect(reasonOf(plan([vpc], { external: true }), 'vpc')).toBe('SwitchNotFound')
    const gateways = [{ ip: parseIp('10.1.0.1'), network: parseCidr('10.1.0.0/24') }]
    expect(networksOf(plan([vpc], found({ ranges: [parseCidr('10.1.0.0/24')], gateways })))).toEqual([
      'vpc 10.1.0.0/24',
    ])
  })

  it('stays where its pods live', () => {
    const before = plan([vlan()])
    expect(reasonOf(plan([subnet('vlan', '10.2.0.0/24')], { before }), 'vlan')).toBe('PlaceChanged')
    expect(networksOf(plan([vlan({ spec: { vlanID: 101 } })], { before }))).toEqual(['vlan 10.2.0.0/24'])
  })
})
