import { parseCidr, parseIp, parseMac } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { formatJoinAddresses, formatPodNetworks, parseJoinAddresses, parsePodNetworks } from './index.ts'

const network = {
  addresses: [{ ip: parseIp('10.244.1.5'), prefixLength: 24 }],
  mac: parseMac('0a:58:0a:f4:01:05'),
  gateways: [parseIp('10.244.1.1')],
  routes: [{ destination: parseCidr('10.96.0.0/16'), nextHop: parseIp('10.244.1.1') }],
}

describe('k8s.ovn.org/pod-networks', () => {
  it('is what the documents show', () => {
    expect(JSON.parse(formatPodNetworks(network))).toEqual({
      default: {
        ip_addresses: ['10.244.1.5/24'],
        mac_address: '0a:58:0a:f4:01:05',
        gateway_ips: ['10.244.1.1'],
        routes: [{ dest: '10.96.0.0/16', nextHop: '10.244.1.1' }],
      },
    })
    expect(parsePodNetworks(formatPodNetworks(network))).toEqual(network)
  })

  it('is read in its flat form too', () => {
    const flat = { ip_addresses: ['10.244.1.5/24'], mac_address: '0a:58:0a:f4:01:05', gateway_ips: ['10.244.1.1'] }
    expect(parsePodNetworks(JSON.stringify(flat))).toEqual({ ...network, routes: [] })
  })

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '{"default":{"mac_address":1}}',
    '{"default":{"mac_address":"x","ip_addresses":[]}}',
  ])('refuses %j', text => {
    expect(() => parsePodNetworks(text)).toThrow()
  })
})

describe('zstack.io/node-join-address', () => {
  it('survives text and back, IPv4 first', () => {
    const parsed = parseJoinAddresses('fd98::2/64, 100.64.0.2/16')
    expect(parsed.map(({ ip }) => ip)).toEqual(['100.64.0.2', 'fd98::2'])
    expect(formatJoinAddresses(parsed)).toBe('100.64.0.2/16,fd98::2/64')
  })
})
