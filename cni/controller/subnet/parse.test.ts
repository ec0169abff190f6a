import { describe, expect, it } from 'vitest'
import { type AddressingSpec, isProblem, parseAddressing } from './parse.ts'

const reasonOf = (spec: AddressingSpec) => {
  const parsed = parseAddressing(spec)
  return isProblem(parsed) ? parsed.reason : 'ok'
}

describe('a Subnet’s addressing', () => {
  it('is one range with its gateway and exclusions', () => {
    const parsed = parseAddressing({
      cidr: '10.244.0.0/16',
      gateway: '10.244.0.1',
      excludeIPs: ['10.244.0.2-10.244.0.10', '10.244.0.1'],
    })
    expect(parsed).toMatchObject({
      ranges: [{ text: '10.244.0.0/16' }],
      gateways: ['10.244.0.1'],
      exclude: [{ family: 4 }, { family: 4 }],
    })
  })

  it('is a pair in either order, IPv4 first afterwards', () => {
    const parsed = parseAddressing({
      cidr: 'fd00:10::/64, 10.1.0.0/24',
      gateway: '10.1.0.1,fd00:10::1',
      protocol: 'Dual',
    })
    expect(parsed).toMatchObject({
      ranges: [{ text: '10.1.0.0/24' }, { text: 'fd00:10::/64' }],
      gateways: ['10.1.0.1', 'fd00:10::1'],
    })
  })

  it.each<[string, AddressingSpec]>([
    ['InvalidCIDR', { cidr: '10.244.0.0', gateway: '10.244.0.1' }],
    ['InvalidCIDR', { cidr: '10.244.0.7/16', gateway: '10.244.0.1' }],
    ['InvalidCIDR', { cidr: '10.1.0.0/24,10.2.0.0/24', gateway: '10.1.0.1', protocol: 'Dual' }],
    ['InvalidCIDR', { cidr: '10.1.0.1/32', gateway: '10.1.0.1' }],
    ['NotUnicast', { cidr: '127.0.0.0/24', gateway: '127.0.0.1' }],
    ['NotUnicast', { cidr: '169.254.169.0/24', gateway: '169.254.169.1' }],
    ['NotUnicast', { cidr: '224.0.0.0/24', gateway: '224.0.0.1' }],
    ['NotUnicast', { cidr: '0.0.0.0/0', gateway: '10.0.0.1' }],
    ['NotUnicast', { cidr: 'fe80::/64', gateway: 'fe80::1', protocol: 'IPv6' }],
    ['NotUnicast', { cidr: 'ff00::/64', gateway: 'ff00::1', protocol: 'IPv6' }],
    ['NotUnicast', { cidr: '::ffff:10.60.0.0/120', gateway: '::ffff:10.60.0.1', protocol: 'IPv6' }],
    ['WrongFamily', { cidr: 'fd00::/64', gateway: 'fd00::1' }],
    ['WrongFamily', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', protocol: 'Dual' }],
    ['WrongFamily', { cidr: '10.1.0.0/24', gateway: 'fd00::1' }],
    ['WrongFamily', { cidr: '10.1.0.0/24', gateway: '10.1.0.1,10.1.0.2' }],
    ['GatewayOutsideCIDR', { cidr: '10.1.0.0/24', gateway: '10.2.0.1' }],
    ['InvalidGateway', { cidr: '10.1.0.0/24', gateway: '10.1.0.255' }],
    ['InvalidGateway', { cidr: '10.1.0.0/24', gateway: 'x' }],
    ['InvalidGateway', { cidr: '10.1.0.0/24,fd00::/64', gateway: '10.1.0.1', protocol: 'Dual' }],
    ['InvalidExcludeIPs', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', excludeIPs: ['10.1.0.9-10.1.0.2'] }],
    ['InvalidExcludeIPs', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', excludeIPs: ['10.2.0.9'] }],
    ['InvalidExcludeIPs', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', excludeIPs: ['fd00::5'] }],
    ['InvalidExcludeIPs', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', excludeIPs: ['10.1.0.9-10.1.1.2'] }],
    ['InvalidAllowSubnets', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', private: true, allowSubnets: ['10.2.0.1/16'] }],
    ['InvalidAllowSubnets', { cidr: '10.1.0.0/24', gateway: '10.1.0.1', allowSubnets: ['all'] }],
  ])('is refused with reason %s: %o', (reason, spec) => {
    expect(reasonOf(spec)).toBe(reason)
  })

  it('admits whom its list names once it is private', () => {
    const spec = { cidr: '10.1.0.0/24', gateway: '10.1.0.1', allowSubnets: ['10.2.0.0/16', 'fd00::/64'] }
    expect(parseAddressing(spec)).toMatchObject({ admits: undefined })
    expect(parseAddressing({ ...spec, private: true })).toMatchObject({
      admits: [{ text: '10.2.0.0/16' }, { text: 'fd00::/64' }],
    })
  })

  it('says what to write when the family differs from the default protocol', () => {
    expect(parseAddressing({ cidr: 'fd00::/64', gateway: 'fd00::1' })).toMatchObject({
      message: expect.stringContaining('set spec.protocol: IPv6'),
    })
  })
})
