import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { type ResolvedNamesSpec, resolvedNames } from '@ovnkit/cni-api'
import { buildPlugin } from '@ovnkit/cni-plugin/testing'
import { resources as kube, type Pod } from '@ovnkit/kube'
import { type ControlPlane, startControlPlane } from '@ovnkit/kube/testing'
import { endProcess, waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cni, cniOf, TestCluster, type TestPod } from '../cluster.testing.ts'
import { TestNode } from '../testing.ts'

let plane: ControlPlane
let node: TestNode
let cluster: TestCluster
let cni: Cni
let server: TestPod
let stranger: TestPod
let asking: TestPod

const many = Array.from({ length: 120 }, (_, i) => `198.51.100.${i + 1}`)
const zone = [
  'www.example.com=192.0.2.10,2001:db8::10',
  `many.example.com=${many.join(',')}`,
  'other.example.net=192.0.2.99',
  'evil.example.com=169.254.169.254',
]

const resources = new AsyncDisposableStack()
beforeAll(async () => {
  const plugin = resources.use(await buildPlugin())
  plane = resources.use(await startControlPlane())
  cluster = await TestCluster.prepare(plane, 'n1')
  node = resources.use(await TestNode.start({ plane, name: 'n1', plugin: plugin.path }))
  await cluster.prepareNetwork(node)
  await node.startAgent()
  cni = cniOf(plugin.path, node)
  await waitUntil('pods can be served', () => existsSync(node.conflist), 60_000)
  server = await attached('server')
  stranger = await attached('stranger')
  asking = await attached('asking')
  await serve(server, zone)
  await serve(stranger, ['www.example.com=203.0.113.66'])
})
afterAll(() => resources.disposeAsync())

/** A pod with its name as the label `app`. */
async function attached(name: string): Promise<TestPod> {
  const pod = resources.use(await cluster.pod(node, { name }))
  await label(name, name)
  await waitUntil(`ADD of ${name}`, async () => (await cni('ADD', pod)).status === 0, 60_000)
  return pod
}

const label = (name: string, app: string) =>
  plane.client.mergePatch<Pod>(kube.pods, { namespace: 'default', name }, { metadata: { labels: { app } } })

async function serve(pod: TestPod, entries: readonly string[]): Promise<void> {
  const program = new URL('./server.testing.ts', import.meta.url).pathname
  const args = [`--net=${pod.netns.path}`, process.execPath, program, pod.ip, ...entries]
  const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  resources.defer(() => endProcess(child))
  await once(child.stdout, 'data')
}

const dig = (pod: TestPod, ...args: string[]) =>
  pod.netns.exec('dig', '+short', '+time=2', '+tries=3', ...args).then(text => text.trim().split('\n').sort())

/** What the node has written down: addresses by name. */
async function learned(): Promise<Record<string, readonly string[]>> {
  const { status } = await plane.client.get(resolvedNames, { name: 'n1' })
  return Object.fromEntries(
    (status?.names ?? []).map(({ name, addresses }) => [name, addresses.map(one => one.address)]),
  )
}

const want = async (change: Partial<ResolvedNamesSpec> = {}) => {
  const spec = {
    names: ['*.example.com', 'www.example.com'],
    servers: [`${server.ip}/32`],
    pods: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'asking' } } }],
    ...change,
  }
  await plane.client.apply(resolvedNames, { metadata: { name: 'n1' }, spec }, { fieldManager: 'test', force: true })
}

/** Packet sockets of the agent; the switch has its own. */
const taps = async () => {
  const open = readdirSync(`/proc/${node.agentPid}/fd`).flatMap(fd => socketOf(`/proc/${node.agentPid}/fd/${fd}`))
  const lines = (await node.netns.exec('cat', '/proc/net/packet')).trim().split('\n').slice(1)
  const inodes = new Set(lines.map(line => line.trim().split(/\s+/).at(-1)))
  return open.filter(inode => inodes.has(inode)).length
}

function socketOf(path: string): string[] {
  try {
    const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(readlinkSync(path)) ?? []
    return [inode]
  } catch {
    // Closed meanwhile.
    return []
  }
}

describe('names that policies have as peers', () => {
  it('are learned from what a pod that policies are about hears from the servers that are believed', async () => {
    expect(await taps()).toBe(0)
    await want()
    await waitUntil('the pod to be listened to', async () => (await taps()) === 1)
    expect(await dig(asking, `@${stranger.ip}`, 'www.example.com')).toEqual(['203.0.113.66'])
    expect(await dig(stranger, `@${server.ip}`, 'www.example.com')).toEqual(['192.0.2.10'])
    expect(await dig(asking, `@${server.ip}`, 'evil.example.com')).toEqual(['169.254.169.254'])
    expect(await dig(asking, `@${server.ip}`, 'other.example.net')).toEqual(['192.0.2.99'])
    expect(await dig(asking, `@${server.ip}`, 'WWW.example.com')).toEqual(['192.0.2.10'])
    await waitUntil('the address', async () => (await learned())['www.example.com'] !== undefined)
    expect(await learned()).toEqual({ '*.example.com': ['192.0.2.10'], 'www.example.com': ['192.0.2.10'] })
    expect(await dig(asking, `@${server.ip}`, 'www.example.com', 'AAAA')).toEqual(['2001:db8::10'])
    await waitUntil('the other family', async () => (await learned())['www.example.com']?.length === 2)
  })

  it('are learned from answers that are too long for a datagram', async () => {
    expect(await dig(asking, `@${server.ip}`, 'many.example.com')).toHaveLength(many.length)
    await waitUntil('all addresses', async () => (await learned())['*.example.com']?.length === many.length + 2)
  })

  it('are known to the next agent, which listens on', async () => {
    const { status } = await plane.client.get(resolvedNames, { name: 'n1' })
    await node.killAgent()
    await node.startAgent()
    await waitUntil('the pod to be listened to again', async () => (await taps()) >= 1, 60_000)
    expect((await plane.client.get(resolvedNames, { name: 'n1' })).status).toEqual(status)
  })

  it('are forgotten with the policies that name them, and nobody is listened to for others', async () => {
    await want({ names: ['www.example.com'] })
    await waitUntil('the wildcard to go', async () => Object.keys(await learned()).join() === 'www.example.com', 30_000)
    await label('asking', 'silent')
    await waitUntil('nobody to be listened to', async () => (await taps()) === 0)
    await label('asking', 'asking')
    await waitUntil('the pod to be listened to', async () => (await taps()) === 1)
    await plane.client.delete(resolvedNames, { name: 'n1' })
    await waitUntil('nobody to be listened to', async () => (await taps()) === 0)
  })
})
