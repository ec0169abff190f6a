import { describe, expect, it } from 'vitest'
import { formatRange, macFromIp, mergeRanges, parseIp, parseMac, parseRange } from './index.ts'

describe('parseRange', () => {
  it.each(['10.0.0.5', '10.0.0.5-10.0.0.9', 'fd00::1-fd00::ff'])('reads %s back', text => {
    expect(formatRange(parseRange(text))).toBe(text)
  })

  it.each([
    ['10.0.0.9-10.0.0.5', 'reversed'],
    ['10.0.0.9-fd00::1', 'family'],
    ['10.0.0.1-10.0.0.2-10.0.0.3', 'syntax'],
    ['10.0.0.0/24', 'syntax'],
    ['', 'syntax'],
  ])('refuses %j (%s)', (text, code) => {
    expect(() => parseRange(text)).toThrow(expect.objectContaining({ code }))
  })

  it('merges what touches and cuts what sticks out', () => {
    const texts = ['10.0.0.5-10.0.0.9', '10.0.0.10', '10.0.0.7-10.0.0.8', '9.0.0.0-10.0.0.1', '10.0.0.20-11.0.0.0']
    const merged = mergeRanges([...texts, 'fd00::1'].map(parseRange), parseRange('10.0.0.0-10.0.0.30'))
    expect(merged.map(formatRange)).toEqual(['10.0.0.0-10.0.0.1', '10.0.0.5-10.0.0.10', '10.0.0.20-10.0.0.30'])
  })
})

describe('MAC', () => {
  it('follows the IPv4 address', () => {
    expect(macFromIp(parseIp('10.244.1.255'))).toBe('0a:58:0a:f4:01:ff')
  })

  it('is stable for IPv6 and differs between neighbours', () => {
    const macs = ['fd00::1', 'fd00::2', 'fd00::1:1', 'fd01::1'].map(ip => macFromIp(parseIp(ip)))
    expect(new Set(macs).size).toBe(4)
    expect(macs).toEqual(['fd00::1', 'fd00::2', 'fd00::1:1', 'fd01::1'].map(ip => macFromIp(parseIp(ip))))
    for (const mac of macs) expect(mac).toMatch(/^0a:58(:[0-9a-f]{2}){4}$/)
  })

  it('reads both separators', () => {
    expect(parseMac('0A-58-0a-f4-00-02')).toBe('0a:58:0a:f4:00:02')
    for (const bad of ['0a:58:0a:f4:00', '0a:58-0a:f4:00:02', '0a580af40002', '0a:58:0a:f4:00:0g']) {
      expect(() => parseMac(bad)).toThrow(/MAC address/)
    }
  })
})
