import { parseCidr, parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { isolationRows } from './isolation.ts'

const network = {
  key: '10.9.0.0/16,fd09::/64',
  subnet: 'secret',
  ranges: [parseCidr('10.9.0.0/16'), parseCidr('fd09::/64')],
  gateways: [parseIp('10.9.0.1'), parseIp('fd09::1')],
  exclude: [],
  services: true,
  dhcp: false,
}
const join = [parseCidr('100.64.0.0/16'), parseCidr('fd98::/64')]

describe('isolation of a network', () => {
  it('is nothing for one that is not private', () => {
    expect(isolationRows(network, join, false)).toEqual([])
  })

  it('is one drop for each family, before everything else, and takes no part in any other decision', () => {
    const rows = isolationRows({ ...network, admits: [] }, join, false)
    expect(rows.map(({ columns }) => [columns.priority, columns.action])).toEqual([
      [0, 'allow-related'],
      [32000, 'drop'],
      [32000, 'drop'],
    ])
  })

  it('takes connections into account in the last tier, where nothing is left to decide', () => {
    const tiers = isolationRows({ ...network, admits: [] }, join, true).map(({ columns }) => columns.tier)
    expect(tiers).toEqual([3, undefined, undefined])
  })

  it('lets the network itself, the nodes and its list in, and names what is left', () => {
    const [, drop] = isolationRows({ ...network, admits: [parseCidr('0.0.0.0/1')] }, join, false)
    const left = String(drop?.columns.match)
    expect(left).toContain('ip4.dst == 10.9.0.0/16 && ip4.src == {128.0.0.0/3, ')
    expect(left).not.toMatch(/[{ ](?!10\.9)(10|100|0)\.\d+\.\d+\.\d+\/\d+,/)
    // 169.254.0.0/16 is left out of the upper half: one network for each of its bits below the first.
    expect(left.split(', ')).toHaveLength(15)
  })
})
