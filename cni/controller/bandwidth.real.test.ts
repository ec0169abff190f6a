import { resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './testing/world.ts'

let w: World
beforeAll(async () => {
  w = await World.start()
  await w.addNode('n1', '192.168.0.11')
  await w.startController()
})
afterAll(() => w[Symbol.asyncDispose]())

const ingress = 'kubernetes.io/ingress-bandwidth'
const egress = 'kubernetes.io/egress-bandwidth'

/** Every rule as one line: direction, match, rate and burst. */
async function rules(): Promise<string[]> {
  const out = await w.nbctl('--format=csv', '--no-headings', '--columns=direction,match,bandwidth', 'list', 'QoS')
  return out
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.replace(/[\\"]/g, ''))
    .sort()
}
const rulesBecome = async (...expected: string[]) => {
  const held = () => waitUntil(`rules ${expected}`, async () => (await rules()).join('\n') === expected.join('\n'))
  await held().catch(async error => expect(await rules(), error.message).toEqual(expected))
}
const annotate = (pod: string, annotations: Record<string, string | null>) =>
  w.kube.client.mergePatch(resources.pods, { namespace: 'default', name: pod }, { metadata: { annotations } })

it('what a pod’s annotations allow becomes rules of its switch, follows them, and goes with the pod', async () => {
  await w.addPod('p-1', { annotations: { [ingress]: '10M', [egress]: '64k' } })
  await w.addPod('p2')
  await rulesBecome(
    'from-lport,inport == default_p-1,{burst=1000, rate=64}',
    'to-lport,outport == default_p-1,{burst=4000, rate=10000}',
  )
  const onSwitch = await w.nbctl('--bare', '--columns=qos_rules', 'list', 'Logical_Switch', 'subnet-default')
  expect(onSwitch.trim().split(/\s+/)).toHaveLength(2)

  await annotate('p-1', { [ingress]: '1G', [egress]: null })
  await rulesBecome('to-lport,outport == default_p-1,{burst=400000, rate=1000000}')

  await w.deletePod('p-1')
  await rulesBecome()
  expect(await w.podAddress('p2')).not.toBe('')
})

it('a value that is none is an Event, limits nothing, and keeps the pod from nothing else', async () => {
  await w.addPod('odd', { annotations: { [ingress]: '1M', [egress]: '10 Mbit' } })
  expect(await w.podAddress('odd')).not.toBe('')
  await rulesBecome('to-lport,outport == default_odd,{burst=1000, rate=1000}')
  const event = await waitUntil('an Event', async () => {
    const { items } = await w.kube.client.list(resources.events, { fieldSelector: 'involvedObject.name=odd' })
    return items.find(({ reason }) => reason === 'InvalidBandwidth')
  })
  expect(event.message).toContain(`${egress}: expected 1k to 1P bits per second, got "10 Mbit"`)

  await annotate('odd', { [egress]: '10M' })
  await rulesBecome(
    'from-lport,inport == default_odd,{burst=4000, rate=10000}',
    'to-lport,outport == default_odd,{burst=1000, rate=1000}',
  )
})
