import { describe, expect, it } from 'vitest'
import {
  and,
  equals,
  everything,
  inAddressSet,
  inPortGroup,
  isChassisResident,
  not,
  nothing,
  oneOf,
  or,
  predicate,
} from './match.ts'

describe('match expressions', () => {
  it('quotes port names and leaves addresses as they are', () => {
    expect(equals('inport', 'default_web-0').text).toBe('inport == "default_web-0"')
    expect(equals('ip4.dst', '10.244.0.0/16').text).toBe('ip4.dst == 10.244.0.0/16')
    expect(equals('tcp.dst', 80).text).toBe('tcp.dst == 80')
  })

  it('writes sets of constants, address sets and port groups', () => {
    expect(oneOf('ip6.src', ['fd00::1', 'fd00::2']).text).toBe('ip6.src == {fd00::1, fd00::2}')
    expect(oneOf('ip6.src', ['fd00::1']).text).toBe('ip6.src == fd00::1')
    expect(inAddressSet('ip4.src', 'overlay_v4').text).toBe('ip4.src == $overlay_v4')
    expect(inPortGroup('outport', 'pg').text).toBe('outport == @pg')
  })

  it('adds parentheses exactly where && and || meet', () => {
    const a = equals('tcp.dst', 1)
    const b = equals('tcp.dst', 2)
    const c = predicate('ip4')
    expect(and(or(a, b), c).text).toBe('(tcp.dst == 1 || tcp.dst == 2) && ip4')
    expect(or(and(a, c), b).text).toBe('(tcp.dst == 1 && ip4) || tcp.dst == 2')
    expect(and(and(a, b), c).text).toBe('tcp.dst == 1 && tcp.dst == 2 && ip4')
    expect(and(or(a), c).text).toBe('tcp.dst == 1 && ip4')
  })

  it('has neutral elements', () => {
    expect(and()).toBe(everything)
    expect(or()).toBe(nothing)
    expect(oneOf('ip4.src', [])).toBe(nothing)
  })

  it('negates as a whole', () => {
    expect(not(or(predicate('tcp'), isChassisResident('node-a'))).text).toBe('!(tcp || is_chassis_resident("node-a"))')
  })
})
