import { readConfig } from '@ovnkit/cni-api'
import { silentLogger } from '@ovnkit/process'
import { Store } from '@ovnkit/reconcile'
import { expect, it } from 'vitest'
import type { ChassisFacts } from './chassis.ts'
import { TunnelWatch, theTunnel } from './tunnel.ts'

/** An OVN whose chassis have these encapsulations, and these highest keys. */
async function verdict(env: Record<string, string>, types: readonly string[], port = 0, datapath = 0) {
  const store = new Store<ChassisFacts>({ name: 'chassis' })
  for (const [i, type] of types.entries())
    store.set(`c${i}`, {
      uuid: `${i}`,
      encaps: ['e'],
      types: [type],
      node: undefined,
      cluster: undefined,
      userspace: false,
    })
  let asked = 0
  const sb = {
    connected: true,
    onBatch: () => ({ [Symbol.dispose]: () => undefined }),
    transact: async () => {
      asked++
      const results = [port, datapath].map(key => ({ rows: [{ tunnel_key: 1 }, { tunnel_key: key }] }))
      return { status: 'committed' as const, results }
    },
  }
  const mode =
    env.ZSTACK_OVN_MODE === 'external'
      ? { ZSTACK_OVN_NBDB_ADDRESS: 'tcp:192.0.2.1:6641', ZSTACK_OVN_SBDB_ADDRESS: 'tcp:192.0.2.1:6642' }
      : {}
  using watch = new TunnelWatch({
    config: readConfig({ env: { ...env, ...mode } }),
    sb,
    chassis: { store },
    logger: silentLogger,
  })
  await expect.poll(() => watch.store.get(theTunnel)).toBeDefined()
  return { ...watch.store.get(theTunnel), asked }
}
const external = { ZSTACK_OVN_MODE: 'external' }

it('geneve is released without a question', async () => {
  expect(await verdict({ ZSTACK_TUNNEL_TYPE: 'geneve' }, ['geneve'], 9000)).toEqual({ type: 'geneve', asked: 0 })
})

it('VXLAN is released where a chassis has it, and where the keys are short', async () => {
  expect(await verdict({}, ['geneve', 'vxlan'], 9000)).toMatchObject({ type: 'vxlan', problem: undefined, asked: 0 })
  expect(await verdict({}, ['geneve'], 2047, 4095)).toMatchObject({ type: 'vxlan', problem: undefined, asked: 1 })
})

it('VXLAN is refused where keys are longer than it has room for', async () => {
  expect(await verdict({}, ['geneve'], 2048)).toMatchObject({
    type: 'geneve',
    problem: expect.stringContaining('port has the key 2048'),
  })
  expect(await verdict({}, [], 5, 4096)).toMatchObject({
    type: 'geneve',
    problem: expect.stringContaining('datapath has the key 4096'),
  })
})

it('VXLAN is never brought into an OVN of others, and used where they have it', async () => {
  const refused = { type: undefined, problem: expect.stringContaining('set tunnel.type to geneve') }
  expect(await verdict(external, ['geneve'])).toMatchObject(refused)
  expect(await verdict(external, [])).toMatchObject(refused)
  expect(await verdict(external, ['vxlan'])).toMatchObject({ type: 'vxlan', problem: undefined })
})
