import { parseCidr, parseRange } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { portAddresses } from './lsp-addresses.ts'
import { logicalSwitch, vifPort } from './switch.ts'

describe('rows as they should be', () => {
  it('writes excluded ranges with two dots, IPv4 only', () => {
    const row = logicalSwitch({
      key: 'k',
      name: 'subnet-a',
      ranges: [parseCidr('10.1.0.0/24'), parseCidr('fd00::/64')],
      exclude: [parseRange('10.1.0.1'), parseRange('10.1.0.5-10.1.0.9'), parseRange('fd00::5-fd00::9')],
    })
    expect(row.columns.other_config).toEqual({
      subnet: '10.1.0.0/24',
      exclude_ips: '10.1.0.1 10.1.0.5..10.1.0.9',
      ipv6_prefix: 'fd00::',
    })
  })

  it('gives a port its addresses, and the same as its port security', () => {
    const row = vifPort({
      key: 'k',
      name: 'default_web',
      switch: { table: 'Logical_Switch', key: 's', column: 'ports' },
      mac: '0a:58:0a:01:00:02',
      addresses: ['10.1.0.2', 'fd00::2'],
      secured: true,
      interfaceVersion: 'uid',
    })
    expect(row.columns).toMatchObject({
      addresses: ['0a:58:0a:01:00:02 10.1.0.2 fd00::2'],
      port_security: ['0a:58:0a:01:00:02 10.1.0.2 fd00::2'],
      options: { 'iface-id-ver': 'uid' },
    })
  })
})

describe('a port’s addresses', () => {
  it('are found in every form that OVN writes', () => {
    expect(portAddresses({ addresses: ['0a:00:00:00:00:01 10.0.0.5 fd00::5'] })).toEqual(['10.0.0.5', 'fd00::5'])
    expect(portAddresses({ addresses: ['dynamic 10.0.0.7'] })).toEqual(['10.0.0.7'])
    expect(portAddresses({ addresses: ['dynamic'], dynamic: '0a:00:00:00:00:02 10.0.0.8' })).toEqual(['10.0.0.8'])
    expect(portAddresses({ addresses: ['router', 'unknown', '80:fa:5b:06:72:b7'] })).toEqual([])
  })
})
