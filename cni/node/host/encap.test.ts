import { readConfig } from '@ovnkit/cni-api'
import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { chooseTunnel, findEncap, podMtu } from './encap.ts'

const config = (env: Record<string, string> = {}) => readConfig({ env })
const links = [
  { name: 'eth0', mtu: 1500, addresses: [parseIp('192.0.2.1'), parseIp('2001:db8::1')], networks: [] },
  { name: 'eth1', mtu: 9000, addresses: [parseIp('198.51.100.1')], networks: [] },
]
const node = {
  uid: 'u',
  internalIps: [parseIp('192.0.2.1'), parseIp('2001:db8::1')],
  annotations: {},
  labels: {},
  zone: '',
  eligible: true,
}

describe('findEncap', () => {
  it('takes the configured address, else that of gateway.interface, else the InternalIP', () => {
    expect(findEncap(config({ ZSTACK_TUNNEL_ENCAP_IP: '198.51.100.1' }), node, links)).toMatchObject({ link: 'eth1' })
    expect(findEncap(config({ ZSTACK_GATEWAY_INTERFACE: 'eth1' }), node, links)).toMatchObject({ ip: '198.51.100.1' })
    expect(findEncap(config(), node, links)).toEqual({ ip: '192.0.2.1', link: 'eth0', mtu: 1500 })
  })

  it('says what is missing', () => {
    expect(findEncap(config({ ZSTACK_TUNNEL_ENCAP_IP: '203.0.113.1' }), node, links)).toEqual({
      problem: expect.stringContaining('no interface of this host has 203.0.113.1; set tunnel.encapIP'),
    })
    expect(findEncap(config(), undefined, links)).toHaveProperty('problem')
  })
})

describe('podMtu', () => {
  it.each([
    ['vxlan', '192.0.2.1', 1450],
    ['geneve', '192.0.2.1', 1442],
    ['vxlan', '2001:db8::1', 1430],
    ['geneve', '2001:db8::1', 1422],
  ])('leaves room for %s to %s', (type, ip, mtu) => {
    const encap = { ip: parseIp(ip), link: 'eth0', mtu: 1500 }
    expect(podMtu(config({ ZSTACK_TUNNEL_TYPE: type }), encap)).toBe(mtu)
  })

  it('is the configured one where there is one', () => {
    expect(podMtu(config({ ZSTACK_MTU: '1400' }), { ip: parseIp('192.0.2.1'), link: 'eth0', mtu: 9000 })).toBe(1400)
  })
})

describe('chooseTunnel', () => {
  const released = (type: string, problem?: string) => ({
    'zstack.io/node-tunnel-type': type,
    ...(problem !== undefined && { 'zstack.io/node-tunnel-problem': problem }),
  })
  const vxlan = config()
  const geneve = config({ ZSTACK_TUNNEL_TYPE: 'geneve' })

  it('takes geneve without asking', () => {
    expect(chooseTunnel(geneve, {}, undefined)).toEqual({ type: 'geneve', problem: undefined })
    expect(chooseTunnel(geneve, released('vxlan'), 'vxlan')).toEqual({ type: 'geneve', problem: undefined })
  })

  it('takes VXLAN when the controller has released it, or the node has it already', () => {
    expect(chooseTunnel(vxlan, released('vxlan'), 'geneve').type).toBe('vxlan')
    expect(chooseTunnel(vxlan, {}, 'vxlan').type).toBe('vxlan')
    expect(chooseTunnel(vxlan, {}, 'geneve')).toEqual({ type: undefined, problem: undefined })
    expect(chooseTunnel(vxlan, {}, undefined)).toEqual({ type: undefined, problem: undefined })
  })

  it('stays with what is in force, or has none, where VXLAN is refused', () => {
    expect(chooseTunnel(vxlan, released('geneve', 'keys'), 'geneve')).toEqual({ type: 'geneve', problem: 'keys' })
    const foreign = { 'zstack.io/node-tunnel-problem': 'not ours' }
    expect(chooseTunnel(vxlan, foreign, undefined)).toEqual({ type: undefined, problem: 'not ours' })
    expect(chooseTunnel(vxlan, foreign, 'vxlan')).toEqual({ type: undefined, problem: 'not ours' })
  })
})
