import { parseIp } from '@ovnkit/inet'
import { expect, it } from 'vitest'
import { balancerAddress, balancerBackends, loadBalancer } from './load-balancer.ts'

it('puts IPv6 addresses into brackets', () => {
  expect(balancerAddress(parseIp('10.96.0.1'), 80)).toBe('10.96.0.1:80')
  const backends = ['fd00::1', 'fd00::2'].map(address => ({ address: parseIp(address), port: 8080 }))
  expect(balancerBackends(backends)).toBe('[fd00::1]:8080,[fd00::2]:8080')
})

it('writes only the options that are asked for', () => {
  const plain = { key: 'k', name: 'n', protocol: 'tcp', vips: { '10.96.0.1:80': '' } } as const
  expect(loadBalancer(plain).columns).toMatchObject({ options: {}, selection_fields: [] })
  const all = loadBalancer({
    ...plain,
    reject: true,
    hairpinSources: [parseIp('169.254.169.5'), parseIp('fd69::5')],
    affinitySeconds: 60,
    forgetsConnections: true,
    templateOf: 6,
  })
  expect(all.columns.options).toEqual({
    reject: 'true',
    hairpin_snat_ip: '169.254.169.5 fd69::5',
    affinity_timeout: '60',
    ct_flush: 'true',
    template: 'true',
    'address-family': 'ipv6',
  })
})
