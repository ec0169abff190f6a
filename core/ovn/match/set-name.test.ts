import { addressSet, inAddressSet, inPortGroup } from '@ovnkit/ovn'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { setName } from './set-name.ts'

describe('the name of an address set or port group', () => {
  it.each(['overlay_v4', 'egress_10.0.0.1', 'egress_fd00__1', '.x', '_'])('%s can be named', name => {
    expect(inAddressSet('ip4.src', name).text).toBe(`ip4.src == $${name}`)
    expect(inPortGroup('inport', name).text).toBe(`inport == @${name}`)
    expect(addressSet({ key: 'k', name }).columns.name).toBe(name)
  })

  it.each(['', 'sg-web', '4th', 'a b', 'a:b', 'ä', 'a\n'])('"%s" is refused wherever it would be written', name => {
    expect(() => inAddressSet('ip4.src', name)).toThrow(RangeError)
    expect(() => inPortGroup('outport', name)).toThrow(RangeError)
    expect(() => addressSet({ key: 'k', name })).toThrow(RangeError)
  })

  it('has only characters that OVN reads as one word', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        try {
          return /^[A-Za-z0-9._]+$/.test(setName(text))
        } catch {
          return true
        }
      }),
    )
  })
})
