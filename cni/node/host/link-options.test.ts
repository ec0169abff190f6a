import { readConfig } from '@ovnkit/cni-api'
import { parseIp } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import type { HostLink } from '../facts/host.ts'
import type { NodeFacts } from '../facts/node.ts'
import { createSwitchStore, type SwitchFacts, theSwitch } from '../facts/switch.ts'
import type { HostContext } from './context.ts'
import { linkOptions, readOptions } from './link-options.ts'

const external = {
  ZSTACK_OVN_MODE: 'external',
  ZSTACK_OVN_NBDB_ADDRESS: 'tcp:192.0.2.9:6641',
  ZSTACK_OVN_SBDB_ADDRESS: 'tcp:192.0.2.9:6642',
}

const facts = (datapath: string | undefined): SwitchFacts => ({
  encapType: undefined,
  systemId: 'n1',
  wantedDatapath: '',
  datapath,
  netdevBridges: [],
  mappings: {},
  dpdk: false,
  interfaceTypes: [],
  chassisKeys: {},
})

function node(env: Record<string, string>, datapath: string | undefined) {
  const nodes = new Store<NodeFacts>({ name: 'nodes' })
  nodes.set('n1', {
    uid: 'u',
    internalIps: [parseIp('192.0.2.1')],
    annotations: {},
    labels: {},
    zone: '',
    eligible: true,
  })
  const links = new Store<HostLink>({ name: 'links' })
  links.set('eth0', { name: 'eth0', mtu: 1500, addresses: [parseIp('192.0.2.1')], networks: [] })
  const switches = createSwitchStore()
  const become = (type: string | undefined) => switches.set(theSwitch, facts(type))
  become(datapath)
  const context = { config: readConfig({ env }), node: 'n1', nodes, links, switches } as unknown as HostContext
  return { context, become }
}

describe('how pods’ interfaces are made', () => {
  it('waits for the bridge, and for the datapath type that it is about to get', async () => {
    const { context, become } = node({ ZSTACK_DATAPATH_TYPE: 'netdev' }, undefined)
    const options = linkOptions(context, new AbortController().signal)
    expect(readOptions(context)).toContain('does not exist yet')
    become('system')
    expect(readOptions(context)).toBe('the integration bridge has datapath_type system and is about to get netdev')
    become('netdev')
    expect(await options).toMatchObject({ userspace: true })
  })

  it.each([
    [{}, 'system', false],
    [{}, 'netdev', true],
    [{ ...external, ZSTACK_DATAPATH_TYPE: 'netdev' }, 'system', false],
  ])(
    'takes what is there where the configuration leaves it, or it is a hypervisor’s: %o, %s',
    (env, type, userspace) => {
      expect(readOptions(node(env, type).context)).toMatchObject({ userspace })
    },
  )

  it('ends with CniError 11 and the reason when it is given up', async () => {
    const { context } = node({ ZSTACK_DATAPATH_TYPE: 'netdev' }, 'system')
    await expect(linkOptions(context, AbortSignal.abort())).rejects.toMatchObject({
      code: 11,
      details: expect.stringContaining('about to get netdev'),
    })
  })
})
