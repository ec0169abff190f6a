import { describe, expect, it } from 'vitest'
import { readAsked } from './options.ts'

describe('what is asked', () => {
  it('has pods, addresses and ports', () => {
    expect(readAsked({ from: 'a/b', to: 'fd00::0001', port: 'UDP/53' })).toEqual({
      from: { kind: 'pod', namespace: 'a', name: 'b' },
      to: { kind: 'address', address: 'fd00::1' },
      protocol: 'UDP',
      port: 53,
    })
    expect(readAsked({ from: '10.0.0.1', to: 'a/b', port: '80' })).toMatchObject({ protocol: 'TCP', port: 80 })
  })

  it('says what was expected in place of what cannot be', () => {
    expect(() => readAsked({ from: 'b', to: 'a/b', port: '80' })).toThrow(
      '--from: expected namespace/pod or an address, got "b"',
    )
    expect(() => readAsked({ from: 'a/b', to: undefined, port: '80' })).toThrow('--to: expected namespace/pod')
    for (const port of ['icmp/1', 'tcp/0', 'tcp/65536', 'http', ''])
      expect(() => readAsked({ from: 'a/b', to: 'a/c', port })).toThrow('--port: expected tcp/80')
  })
})
