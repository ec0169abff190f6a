import { describe, expect, it } from 'vitest'
import { hostInterfaceAlias, hostInterfaceName, parseAlias } from './sandbox.ts'

const id = { containerId: 'f'.repeat(64), ifName: 'eth0' }

describe('the interface on the host', () => {
  it('has a name of its own for every sandbox and interface, of the length that the kernel takes', () => {
    const names = [id, { ...id, ifName: 'eth1' }, { ...id, containerId: 'e'.repeat(64) }].map(hostInterfaceName)
    expect(new Set(names).size).toBe(3)
    for (const name of names) expect(name).toMatch(/^veth[0-9a-f]{11}$/)
  })

  it('says whose it is in its alias', () => {
    expect(parseAlias(hostInterfaceAlias(id))).toEqual(id)
    for (const alias of ['', 'zstack-ovn', 'zstack-ovn c', 'other c eth0']) expect(parseAlias(alias)).toBeUndefined()
  })
})
