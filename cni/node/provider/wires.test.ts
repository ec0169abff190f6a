import { Store } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import type { PodFacts } from '../facts/pod.ts'
import { theSwitch } from '../facts/switch.ts'
import { hostContext } from '../host/context.fixture.ts'
import { followWires, wireKey } from './wires.ts'

const mapped = (mappings: Record<string, string>) => ({
  systemId: 'n1',
  encapType: 'geneve',
  wantedDatapath: '',
  datapath: 'netdev',
  netdevBridges: [],
  mappings,
  chassisKeys: {},
  dpdk: false,
  interfaceTypes: [],
})
const subnet = (provider?: string, vlan = 0) => ({
  ranges: [],
  overlay: provider === undefined,
  natOutgoing: true,
  ...(provider !== undefined && { provider, vlan }),
})

describe('the node’s ears on VLANs', () => {
  it('are one for each VLAN that a Subnet lives on and the node has mapped, known when both are known', () => {
    const context = hostContext(new Store<PodFacts>({ name: 'pods' }))
    const { subnets, switches, wires } = context
    using _ = followWires(context)
    subnets.replace([
      ['over', subnet()],
      ['a', subnet('wire', 100)],
      ['b', subnet('wire', 100)],
      ['c', subnet('wire')],
      ['elsewhere', subnet('other', 7)],
    ])
    expect(wires.synced).toBe(false)
    switches.replace([[theSwitch, mapped({ wire: 'br-wire' })]])
    expect(wires.synced).toBe(true)
    expect([...wires.keys()].sort()).toEqual(['wire/0', 'wire/100'])
    expect(wires.get('wire/100')).toMatchObject({ bridge: 'br-wire', vlan: 100 })
    expect(wireKey(context, 'b')).toBe('wire/100')
    expect(wireKey(context, 'over')).toBeUndefined()
    subnets.delete('c')
    expect([...wires.keys()]).toEqual(['wire/100'])
    switches.replace([[theSwitch, mapped({})]])
    expect(wires.size).toBe(0)
  })

  it('have names that a link may have', () => {
    const context = hostContext(new Store<PodFacts>({ name: 'pods' }))
    const name = 'a-provider-network-with-a-long-name'
    using _ = followWires(context)
    context.subnets.replace([['a', subnet(name, 4094)]])
    context.switches.replace([[theSwitch, mapped({ [name]: 'br' })]])
    expect(context.wires.get(`${name}/4094`)?.link).toMatch(/^zs-[0-9a-f]{10}$/)
  })
})
