import { isApiError, resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { subnetResource } from './resources.ts'
import { World } from './testing/world.ts'

/** Addresses of pods that are gone, with a real ovn-northd that can be stopped between delete and unbind. */
let w: World
beforeAll(async () => {
  w = await World.start({ northd: true })
  await w.addNode('n1', '192.168.0.11')
  await w.addNode('n2', '192.168.0.12')
  for (const [node, ip] of [
    ['n1', '192.168.0.11'],
    ['n2', '192.168.0.12'],
  ] as const) {
    await w.sbctl('chassis-add', node, 'vxlan', ip)
  }
  await w.startController()
  // Two addresses for pods: .2 and .3.
  await w.addSubnet('tiny', { cidr: '10.5.0.0/29', gateway: '10.5.0.1', excludeIPs: ['10.5.0.4-10.5.0.6'] })
})
afterAll(() => w[Symbol.asyncDispose]())

const tiny = { annotations: { 'zstack.io/subnet': 'tiny' } }
const used = (count: number) => w.subnet('tiny', ({ status }) => status?.usedIPs === count, `in use by ${count}`)

async function bound(pod: string, chassis = 'n1'): Promise<void> {
  const port = `default_${pod}`
  await waitUntil(
    `northd to know ${port}`,
    async () => (await w.sbctl('--bare', '--columns=_uuid', 'find', 'Port_Binding', `logical_port=${port}`)) !== '',
  )
  await w.sbctl('lsp-bind', port, chassis)
  await waitUntil(
    'the binding to be seen',
    () => w.controller.sb.table('Port_Binding').by('byPort', port)?.chassis !== undefined,
  )
}

async function withoutNorthd(work: () => Promise<void>): Promise<void> {
  const pid = w.northd?.pid
  if (pid === undefined) throw new Error('northd does not run')
  process.kill(pid, 'SIGSTOP')
  try {
    await work()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

describe('the address of a force-deleted pod', () => {
  it('is kept while its chassis has not let go, and given then', async () => {
    for (const pod of ['a', 'b']) {
      await w.addPod(pod, tiny)
      await w.podAddress(pod)
      await bound(pod)
    }
    await withoutNorthd(async () => {
      await w.deletePod('a')
      await waitUntil('the port to be gone', async () => (await w.portAddresses('default_a')) === '')
      await w.addPod('c', tiny)
      await waitUntil('the pod to wait', () => w.controller.session?.allocator.waiting === 1)
      expect(w.controller.session?.allocator.held).toBe(1)
      await used(2)
    })
    expect(await w.podAddress('c')).toBe('10.5.0.2')
  })

  it('is kept through a restart of the controller', async () => {
    await bound('c')
    await withoutNorthd(async () => {
      await w.deletePod('c')
      await waitUntil('the port to be gone', async () => (await w.portAddresses('default_c')) === '')
      await w.stopController()
      await w.addPod('d', tiny)
      await w.startController()
      await waitUntil('the pod to wait', () => w.controller.session?.allocator.waiting === 1)
      expect(w.controller.session?.allocator.held).toBe(1)
    })
    expect(await w.podAddress('d')).toBe('10.5.0.2')
  })

  it('is freed when its node is gone', async () => {
    await w.deletePod('b')
    await w.addPod('e', { ...tiny, node: 'n2' })
    await w.podAddress('e')
    await bound('e', 'n2')
    await withoutNorthd(async () => {
      await w.deletePod('e')
      await waitUntil('the port to be gone', async () => (await w.portAddresses('default_e')) === '')
      await w.addPod('f', tiny)
      await w.kube.client.delete(resources.nodes, { name: 'n2' })
      expect(await w.podAddress('f')).toMatch(/^10\.5\.0\.[23]$/)
    })
  })
})

describe('a pod', () => {
  it('whose containers have ended loses its port, keeps its record, and its address is free', async () => {
    const status = { phase: 'Succeeded' }
    await w.kube.client.mergePatch(
      resources.pods,
      { namespace: 'default', name: 'd' },
      { status },
      { subresource: 'status' },
    )
    await waitUntil('the port to be gone', async () => (await w.portAddresses('default_d')) === '')
    await used(1)
    const pod = await w.kube.client.get(resources.pods, { namespace: 'default', name: 'd' })
    expect(pod.metadata?.annotations?.['zstack.io/pod-ip']).toBe('10.5.0.2')
    expect(pod.metadata?.finalizers).toBeUndefined()
  })

  it('that still runs out its grace period keeps its network', async () => {
    await w.deletePod('f')
    await w.kube.client.create(resources.pods, {
      metadata: { namespace: 'default', name: 'slow', ...tiny, finalizers: ['test.ovnkit.io/grace'] },
      spec: { nodeName: 'n1', automountServiceAccountToken: false, containers: [{ name: 'c', image: 'x' }] },
    })
    const address = await w.podAddress('slow')
    await w.kube.client.delete(resources.pods, { namespace: 'default', name: 'slow' }, { gracePeriodSeconds: 30 })
    await waitUntil('the deletion to be seen', async () => {
      const pod = await w.kube.client.get(resources.pods, { namespace: 'default', name: 'slow' })
      return pod.metadata?.deletionTimestamp !== undefined
    })
    await w.settled()
    expect(await w.portAddresses('default_slow')).toContain(address)
    await w.kube.client.mergePatch(
      resources.pods,
      { namespace: 'default', name: 'slow' },
      { metadata: { finalizers: null } },
    )
    await w.deletePod('slow')
    await waitUntil('the port to be gone', async () => (await w.portAddresses('default_slow')) === '')
  })

  it('of a StatefulSet is not hurt by what its predecessor left bound', async () => {
    await w.addPod('web-0', tiny)
    const first = await w.podAddress('web-0')
    await bound('web-0')
    const old = await w.nbctl('get', 'Logical_Switch_Port', 'default_web-0', 'options:iface-id-ver')
    await w.deletePod('web-0')
    await w.addPod('web-0', tiny)
    const second = await w.podAddress('web-0')
    await w.settled()
    expect(second).not.toBe(first)
    expect(await w.portAddresses('default_web-0')).toContain(second)
    expect(await w.nbctl('get', 'Logical_Switch_Port', 'default_web-0', 'options:iface-id-ver')).not.toBe(old)
    await waitUntil('the old address to be free', () => w.controller.session?.allocator.held === 0)
    await w.deletePod('web-0')
  })
})

describe('a foreign port on a Subnet’s switch', () => {
  it('has its address to itself while it exists', async () => {
    await w.nbctl(
      'lsp-add',
      'subnet-tiny',
      'by-hand',
      '--',
      'lsp-set-addresses',
      'by-hand',
      '0a:00:00:00:00:01 10.5.0.2',
    )
    await w.nbctl(
      'lsp-add',
      'subnet-tiny',
      'by-hand-2',
      '--',
      'lsp-set-addresses',
      'by-hand-2',
      '0a:00:00:00:00:02 10.5.0.3',
    )
    await used(2)
    await w.addPod('guest', tiny)
    await waitUntil('the pod to wait', () => w.controller.session?.allocator.waiting === 1)
    await w.nbctl('lsp-del', 'by-hand-2')
    expect(await w.podAddress('guest')).toBe('10.5.0.3')
    expect(await w.nbctl('lsp-list', 'subnet-tiny')).toContain('by-hand')
  })

  it('keeps the Subnet from going', async () => {
    await w.deletePod('guest')
    await w.kube.client.delete(subnetResource, { name: 'tiny' })
    await w.subnet('tiny', ({ status }) => status?.conditions?.some(({ type }) => type === 'InUse') === true, 'kept')
    await w.nbctl('lsp-del', 'by-hand')
    await waitUntil('the Subnet to be gone', () =>
      w.kube.client.get(subnetResource, { name: 'tiny' }).then(
        () => false,
        error => isApiError(error, 'notFound'),
      ),
    )
  })
})
