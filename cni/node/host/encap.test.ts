import { readConfig } from '@ovnkit/cni-api'
import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { findEncap, podMtu } from './encap.ts'

const config = (env: Record<string, string> = {}) => readConfig({ env })
const links = [
  { name: 'eth0', mtu: 1500, addresses: [parseIp('192.0.2.1'), parseIp('2001:db8::1')] },
  { name: 'eth1', mtu: 9000, addresses: [parseIp('198.51.100.1')] },
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
