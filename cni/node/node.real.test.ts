import { existsSync, readFileSync, statSync } from 'node:fs'
import { type BuiltPlugin, buildPlugin } from '@ovnkit/cni-plugin/testing'
import { resources as kube } from '@ovnkit/kube'
import { type ControlPlane, startControlPlane } from '@ovnkit/kube/testing'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cni, cniOf, strangeUid, TestCluster, type TestPod } from './cluster.testing.ts'
import { TestNode } from './testing.ts'

let plane: ControlPlane
let plugin: BuiltPlugin
let node: TestNode
let cluster: TestCluster
let cni: Cni

const resources = new AsyncDisposableStack()
beforeAll(async () => {
  plugin = resources.use(await buildPlugin())
  plane = resources.use(await startControlPlane())
  cluster = await TestCluster.prepare(plane, 'n1')
  node = resources.use(await TestNode.start({ plane, name: 'n1', plugin: plugin.path }))
  await cluster.prepareNetwork(node)
  cni = cniOf(plugin.path, node)
})
afterAll(() => resources.disposeAsync())

const use = (pod: TestPod): TestPod => resources.use(pod)
const newPod = async (options = {}) => use(await cluster.pod(node, options))
const external = async () => node.switch.vsctl('get', 'Open_vSwitch', '.', 'external_ids')
const portsOf = async (pod: TestPod) => {
  const args = ['--bare', '--columns=name', 'find', 'Interface', `external_ids:iface-id=default_${pod.name}`]
  return (await node.switch.vsctl(...args)).split('\n').filter(line => line !== '')
}
const hostLinks = async () =>
  [...(await node.netns.exec('ip', '-br', 'link')).matchAll(/^veth\w+/gm)].map(([name]) => name)
const ping = (from: { exec(program: string, ...args: string[]): Promise<string> }, to: string) =>
  from.exec('ping', '-c1', '-W2', to).then(
    () => true,
    () => false,
  )
const reachable = (from: { exec(program: string, ...args: string[]): Promise<string> }, to: string) =>
  waitUntil(`ping of ${to} is answered`, () => ping(from, to))

describe('the host', () => {
  it('answers the plugin before it is set up: STATUS 50, ADD 11', async () => {
    await node.killOvnController()
    await plane.killApiServer()
    await node.startAgent()
    const pod = {
      env: () => ({
        CNI_CONTAINERID: 'c',
        CNI_NETNS: '/x',
        CNI_IFNAME: 'eth0',
        CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=x',
      }),
    }
    await waitUntil('the agent listens', () => existsSync(node.socket))
    // biome-ignore lint/suspicious/noExplicitAny: only its parameters are needed
    const asPod = pod as any
    expect(await cni('STATUS', asPod)).toMatchObject({ status: 1, output: { code: 50 } })
    expect(await cni('ADD', asPod)).toMatchObject({ status: 1, output: { code: 11 } })
    expect(existsSync(node.conflist)).toBe(false)
    await plane.startApiServer()
    await node.startOvnController()
  })

  it('installs plugin and network configuration once pods can be served', async () => {
    await waitUntil('the network configuration is there', () => existsSync(node.conflist))
    expect(JSON.parse(readFileSync(node.conflist, 'utf8'))).toEqual({
      cniVersion: '1.0.0',
      cniVersions: ['1.0.0', '1.1.0'],
      name: 'zstack-ovn-kubernetes',
      plugins: [{ type: 'zstack-ovn-cni', serverSocket: node.socket }],
    })
    expect(statSync(`${node.folder}/bin/zstack-ovn-cni`).mode & 0o777).toBe(0o755)
    expect(statSync(node.socket).mode & 0o777).toBe(0o600)
  })

  it('is a chassis, and tells the controller what it needs', async () => {
    expect(await external()).toMatch(/ovn-encap-ip="192.0.2.1".*ovn-encap-type=geneve.*ovn-remote="unix:.*system-id=n1/)
    const annotations = await waitUntil('the Node to be annotated', async () => {
      const { metadata } = await plane.client.get(kube.nodes, { name: 'n1' })
      return metadata?.annotations?.['zstack.io/node-mtu'] === undefined ? undefined : metadata.annotations
    })
    expect(annotations).toMatchObject({
      'zstack.io/node-chassis': 'n1',
      'zstack.io/node-tunnel-ip': '192.0.2.1',
      'zstack.io/node-addresses': '192.0.2.1',
      'zstack.io/node-mtu': '1442',
    })
  })

  it('has its management port, routes, forwarding and masquerade', async () => {
    const { netns } = node
    const isReady = async () => (await netns.exec('curl', '-s', 'http://127.0.0.1:8083/readyz')).trim() === 'ok'
    await waitUntil('the agent says that all is as it should be', isReady)
    expect(await netns.exec('ip', '-br', 'address', 'show', 'ovn-mp0')).toMatch(/100\.64\.0\.2\/16/)
    expect(await netns.exec('ip', 'route')).toMatch(/10\.244\.0\.0\/16 via 100\.64\.0\.1 dev ovn-mp0 proto 94/)
    expect(await netns.exec('ip', '-6', 'route')).toMatch(/fd00:10:244::\/64 via fd98::1 dev ovn-mp0 proto 94/)
    expect(await netns.exec('ip', 'route')).toMatch(/10\.96\.0\.0\/16 via 100\.64\.0\.1 dev ovn-mp0/)
    const table = await netns.exec('nft', 'list', 'table', 'inet', 'zstack-ovn')
    expect(table).toMatch(
      /oifname != "ovn-mp0" ip saddr @translated4 ip daddr != @untranslated4 masquerade.*\n.*ip6 saddr @translated6/,
    )
    expect(table).toMatch(/elements = \{ 10\.244\.0\.0\/16 \}/)
    expect(
      (
        await netns.exec(
          'sysctl',
          '-n',
          'net.ipv4.ip_forward',
          'net.ipv4.conf.ovn-mp0.rp_filter',
          'net.ipv6.conf.all.forwarding',
        )
      ).split('\n'),
    ).toEqual(['1', '0', '1', ''])
  })
})

describe('a pod', () => {
  it('is attached, answers other pods and its host', async () => {
    const [a, b] = [await newPod(), await newPod()]
    const { status, output } = await cni('ADD', a)
    expect(output).toMatchObject({
      cniVersion: '1.1.0',
      interfaces: [
        { name: expect.stringMatching(/^veth[0-9a-f]{11}$/) },
        { name: 'eth0', mac: a.mac, sandbox: a.netns.path },
      ],
      ips: [
        { address: `${a.ip}/16`, gateway: '10.244.0.1', interface: 1 },
        { address: `${a.ip6}/64`, gateway: 'fd00:10:244::1', interface: 1 },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.244.0.1' },
        { dst: '::/0', gw: 'fd00:10:244::1' },
      ],
    })
    expect(status).toBe(0)
    expect((await cni('ADD', b)).status).toBe(0)
    expect(await a.netns.exec('ip', '-br', 'link', 'show', 'eth0')).toMatch(new RegExp(`UP.*${a.mac}`))
    expect(await a.netns.exec('ip', 'link', 'show', 'eth0')).toContain('mtu 1442')
    expect(await a.netns.exec('ethtool', '-k', 'eth0')).toMatch(/tx-checksumming: off/)
    await reachable(a.netns, b.ip)
    await reachable(node.netns, a.ip)
    await reachable(b.netns, '10.244.0.1')
    await reachable(a.netns, b.ip6)
    await reachable(node.netns, a.ip6)
    expect(await cni('CHECK', a)).toMatchObject({ status: 0 })
  })

  it('waits for its address by events', async () => {
    const pod = await newPod({ unassigned: true })
    const adding = cni('ADD', pod)
    await cluster.assign(node, pod)
    expect((await adding).status).toBe(0)
  })

  it('of another UID under that name is not taken for it', async () => {
    const pod = await newPod()
    const args = { CNI_ARGS: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${pod.name};K8S_POD_UID=${strangeUid()}` }
    const adding = cni('ADD', pod, args)
    await waitUntil('the agent has the request', async () => (await node.requestsInFlight()) === 1)
    await cluster.remove(pod)
    expect(await adding).toMatchObject({ status: 1, output: { code: 11 } })
  })

  it('whose bandwidth cannot be understood is refused with the reason', async () => {
    const pod = await newPod({ annotations: { 'kubernetes.io/egress-bandwidth': 'fast' } })
    const msg = 'annotation kubernetes.io/egress-bandwidth: expected 1k to 1P bits per second, got "fast"'
    expect(await cni('ADD', pod)).toMatchObject({ status: 1, output: { code: 7, msg } })
    expect(await portsOf(pod)).toEqual([])
  })

  it('that is static is found by the hash of its configuration', async () => {
    const pod = await newPod({ configHash: 'd41d8cd98f00b204e9800998ecf8427e' })
    expect((await cni('ADD', pod)).status).toBe(0)
    expect(
      await node.switch.vsctl(
        '--bare',
        '--columns=external_ids',
        'find',
        'Interface',
        `external_ids:iface-id=default_${pod.name}`,
      ),
    ).toContain(`iface-id-ver=${pod.uid}`)
  })

  it('can be added ten at once', async () => {
    const pods = await Promise.all(Array.from({ length: 10 }, () => newPod()))
    const results = await Promise.all(pods.map(pod => cni('ADD', pod)))
    expect(results.map(({ status }) => status)).toEqual(Array(10).fill(0))
  })
})

describe('no child process', () => {
  it('is started for ADD, CHECK and DEL', async () => {
    const pods = [await newPod(), await newPod()]
    const before = node.children()
    // The agent does start some (nft, at its start): what is counted here is what counts them all.
    expect(before).not.toEqual([])
    for (const pod of pods) expect((await cni('ADD', pod)).status).toBe(0)
    for (const pod of pods) expect((await cni('CHECK', pod)).status).toBe(0)
    for (const pod of pods) expect((await cni('DEL', pod)).status).toBe(0)
    expect(node.children().slice(before.length)).toEqual([])
  })
})

describe('ADD again', () => {
  it('for the same sandbox changes nothing and answers the same', async () => {
    const pod = await newPod()
    const first = await cni('ADD', pod)
    const ports = await portsOf(pod)
    const again = await cni('ADD', pod)
    expect(again).toMatchObject({ status: 0, output: first.output })
    expect(await portsOf(pod)).toEqual(ports)
  })

  it('completes one of which only the pair was made', async () => {
    const pod = await newPod()
    expect((await cni('ADD', pod)).status).toBe(0)
    const [port = ''] = await portsOf(pod)
    await node.switch.vsctl('del-port', 'br-int', port)
    await pod.netns.exec('ip', 'address', 'flush', 'dev', 'eth0')
    await pod.netns.exec('ip', 'address', 'add', '1.2.3.4/24', 'dev', 'eth0')
    expect((await cni('ADD', pod)).status).toBe(0)
    expect(await cni('CHECK', pod)).toMatchObject({ status: 0 })
    expect(await pod.netns.exec('ip', 'address')).not.toContain('1.2.3.4')
  })

  it('completes one of which only the port was made', async () => {
    const pod = await newPod()
    expect((await cni('ADD', pod)).status).toBe(0)
    await pod.netns.exec('ip', 'link', 'delete', 'eth0')
    expect((await cni('ADD', pod)).status).toBe(0)
    await reachable(node.netns, pod.ip)
  })

  it('refuses a sandbox that has a foreign interface of that name', async () => {
    const pod = await newPod()
    await pod.netns.exec('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other')
    expect(await cni('ADD', pod)).toMatchObject({
      status: 1,
      output: { code: 7, msg: expect.stringContaining('not ours') },
    })
    expect(await portsOf(pod)).toEqual([])
    expect(await cni('DEL', pod)).toMatchObject({ status: 0 })
  })

  it('keeps no port of a sandbox that is nowhere', async () => {
    const lost = await newPod()
    expect((await cni('ADD', lost, { CNI_NETNS: '/run/netns/nowhere' })).status).toBe(1)
    expect(await portsOf(lost)).toEqual([])
  })

  it('of a new sandbox takes the place of the old one, whose late DEL does not hurt it', async () => {
    const pod = await newPod()
    expect((await cni('ADD', pod)).status).toBe(0)
    const old = pod.env()
    pod.renew()
    expect((await cni('ADD', pod)).status).toBe(0)
    expect(await portsOf(pod)).toHaveLength(1)
    expect(await cni('DEL', pod, { CNI_CONTAINERID: old.CNI_CONTAINERID ?? '', CNI_NETNS: '' })).toMatchObject({
      status: 0,
    })
    expect(await portsOf(pod)).toHaveLength(1)
    await reachable(node.netns, pod.ip)
  })

  it('of a StatefulSet pod re-created under its name survives the late DEL of its predecessor', async () => {
    const before = await newPod({ name: 'web-0' })
    expect((await cni('ADD', before)).status).toBe(0)
    await cluster.remove(before)
    const after = await newPod({ name: 'web-0' })
    expect((await cni('ADD', after)).status).toBe(0)
    expect(await cni('DEL', before)).toMatchObject({ status: 0 })
    expect(await cni('CHECK', after)).toMatchObject({ status: 0 })
    await reachable(node.netns, after.ip)
  })
})

describe('DEL', () => {
  it('leaves nothing behind, can be repeated, and needs no network namespace', async () => {
    const pod = await newPod()
    const links = await hostLinks()
    expect((await cni('ADD', pod)).status).toBe(0)
    expect(await cni('DEL', pod, { CNI_NETNS: '' })).toMatchObject({ status: 0, output: undefined })
    expect(await portsOf(pod)).toEqual([])
    expect(await hostLinks()).toEqual(links)
    expect(await cni('DEL', pod)).toMatchObject({ status: 0 })
  })

  it('works when the namespace is gone already', async () => {
    const pod = await newPod()
    expect((await cni('ADD', pod)).status).toBe(0)
    pod.netns[Symbol.dispose]()
    expect(await cni('DEL', pod)).toMatchObject({ status: 0 })
    expect(await portsOf(pod)).toEqual([])
    pod.renew()
  })

  it('ends an ADD of the same sandbox that still waits', async () => {
    const pod = await newPod({ unassigned: true })
    const adding = cni('ADD', pod)
    const deleted = waitUntil('the DEL is answered', async () => (await cni('DEL', pod)).status === 0)
    expect(await adding).toMatchObject({ status: 1, output: { code: 11 } })
    await deleted
  })
})

describe('CHECK', () => {
  it('names every difference', async () => {
    const pod = await newPod()
    expect((await cni('ADD', pod)).status).toBe(0)
    const { netns } = pod
    await netns.exec('ip', 'route', 'del', 'default')
    await netns.exec('ip', 'link', 'set', 'eth0', 'mtu', '1300', 'address', '02:00:00:00:00:01')
    await netns.exec('ip', 'address', 'add', '10.244.77.77/16', 'dev', 'eth0')
    await netns.exec('ip', 'address', 'del', `${pod.ip}/16`, 'dev', 'eth0')
    const { output } = await cni('CHECK', pod)
    expect(output.code).toBe(101)
    for (const text of [
      `MTU 1300 instead of 1442`,
      `instead of ${pod.mac}`,
      `address ${pod.ip}/16 is missing`,
      'route 0.0.0.0/0 via 10.244.0.1 is missing',
    ]) {
      expect(output.msg).toContain(text)
    }
    expect((await cni('ADD', pod)).status).toBe(0)
    expect(await cni('CHECK', pod)).toMatchObject({ status: 0 })
    const [port = ''] = await portsOf(pod)
    await node.switch.vsctl('del-port', 'br-int', port)
    expect((await cni('CHECK', pod)).output.msg).toContain('the port on the integration bridge is missing')
  })
})

describe('a bridge that becomes one of the userspace datapath', () => {
  it('takes the offloads from pods that run', async () => {
    const [running, other] = [await newPod(), await newPod()]
    for (const pod of [running, other]) expect((await cni('ADD', pod)).status).toBe(0)
    await running.netns.exec('ethtool', '-K', 'eth0', 'tx', 'on')
    await node.switch.vsctl('set', 'Bridge', 'br-int', 'datapath_type=""')
    const wanted = async () => (await node.switch.vsctl('get', 'Bridge', 'br-int', 'datapath_type')).trim() === 'netdev'
    await waitUntil('the bridge is what the configuration says', wanted)
    const isOff = async () => /tx-checksumming: off/.test(await running.netns.exec('ethtool', '-k', 'eth0'))
    await waitUntil('the offloads are off', isOff)
    await reachable(running.netns, other.ip)
  })
})

describe('another MTU of the NIC', () => {
  it('is taken over by running pods, by those that come later, and by the management port', async () => {
    const running = await newPod()
    expect((await cni('ADD', running)).status).toBe(0)
    const mtuOf = async (netns: { exec(program: string, ...args: string[]): Promise<string> }, link: string) =>
      Number(/mtu (\d+)/.exec(await netns.exec('ip', 'link', 'show', link))?.[1])
    for (const [nic, pods] of [
      [1400, 1342],
      [9000, 8942],
      [1500, 1442],
    ] as const) {
      await node.netns.exec('ip', 'link', 'set', 'br-phy', 'mtu', String(nic))
      await waitUntil(`the pod has ${pods}`, async () => (await mtuOf(running.netns, 'eth0')) === pods)
      await waitUntil(`the management port has ${pods}`, async () => (await mtuOf(node.netns, 'ovn-mp0')) === pods)
      const later = await newPod()
      expect((await cni('ADD', later)).status).toBe(0)
      expect(await mtuOf(later.netns, 'eth0')).toBe(pods)
      expect(await cni('CHECK', running)).toMatchObject({ status: 0 })
      await reachable(running.netns, later.ip)
      await waitUntil('the controller is told', async () => {
        const { metadata } = await plane.client.get(kube.nodes, { name: 'n1' })
        return metadata?.annotations?.['zstack.io/node-mtu'] === String(pods)
      })
    }
  })
})

describe('GC', () => {
  it('removes what is not in the list, and only that', async () => {
    const [kept, gone] = [await newPod(), await newPod()]
    await Promise.all([cni('ADD', kept), cni('ADD', gone)])
    const config = {
      cniVersion: '1.1.0',
      name: 'zstack-ovn-kubernetes',
      type: 'zstack-ovn-cni',
      serverSocket: node.socket,
    }
    const list = [{ containerID: kept.containerId, ifname: 'eth0' }]
    const { runPlugin } = await import('@ovnkit/cni-plugin/testing')
    const run = await runPlugin(
      plugin.path,
      { CNI_COMMAND: 'GC', CNI_PATH: '/opt/cni/bin' },
      { ...config, 'cni.dev/valid-attachments': list },
    )
    expect(run.status).toBe(0)
    expect(await portsOf(gone)).toEqual([])
    expect(await hostLinks()).toHaveLength(1)
    expect(await cni('CHECK', kept)).toMatchObject({ status: 0 })
  })
})

describe('outages', () => {
  it('a killed agent: STATUS stays good, pods keep their network, the next one serves', async () => {
    const pod = await newPod()
    expect((await cni('ADD', pod)).status).toBe(0)
    await node.killAgent()
    expect(await cni('STATUS', pod)).toMatchObject({ status: 0 })
    expect(await cni('DEL', pod)).toMatchObject({ status: 1, output: { code: 11 } })
    await reachable(node.netns, pod.ip)
    expect(existsSync(node.conflist)).toBe(true)
    await node.startAgent()
    await waitUntil('the new agent answers CHECK', async () => (await cni('CHECK', pod)).status === 0)
    expect(existsSync(`${node.folder}/run/agent-away`)).toBe(false)
  })

  it('no API: known pods are served, others are to be tried again, STATUS stays good', async () => {
    const pod = await newPod()
    await waitUntil('the agent knows the pod', async () => (await cni('ADD', pod)).status === 0)
    await plane.killApiServer()
    pod.renew()
    expect((await cni('ADD', pod)).status).toBe(0)
    const env = { CNI_ARGS: 'K8S_POD_NAMESPACE=default;K8S_POD_NAME=unknown;K8S_POD_UID=u', CNI_CONTAINERID: 'other' }
    await waitUntil('an unknown pod is to be tried again at once', async () => {
      const { output, ms } = await cni('ADD', pod, env)
      return output?.code === 11 && ms < 5000
    })
    expect(await cni('STATUS', pod)).toMatchObject({ status: 0 })
    await plane.startApiServer()
  })

  it('a killed ovs-vswitchd: the management port gets its address and routes back', async () => {
    await node.switch.kill()
    await node.switch.start()
    await waitUntil('address and routes are back', async () => {
      const routes = await node.netns.exec('ip', 'route')
      return routes.includes('10.244.0.0/16 via 100.64.0.1') && routes.includes('100.64.0.0/16 dev ovn-mp0')
    })
    const pod = await newPod()
    await waitUntil('pods can be added', async () => (await cni('ADD', pod)).status === 0)
    await reachable(node.netns, pod.ip)
  })

  it('a killed database of the switch: commands are to be tried again, then go on', async () => {
    const pod = await newPod()
    await node.switch.server.kill()
    expect(await cni('DEL', pod)).toMatchObject({ status: 1, output: { code: 11 } })
    await node.switch.server.restart()
    await waitUntil('pods can be added', async () => (await cni('ADD', pod)).status === 0)
  })

  it('a reboot: ports whose sandboxes are gone go too', async () => {
    const pod = await newPod()
    await waitUntil('the pod is added', async () => (await cni('ADD', pod)).status === 0)
    await node.killAgent()
    pod.netns[Symbol.dispose]()
    const [port = ''] = await portsOf(pod)
    await waitUntil('its interface is gone', async () => !(await hostLinks()).includes(port))
    expect(await portsOf(pod)).toHaveLength(1)
    await node.startAgent()
    await waitUntil('its port is gone', async () => (await portsOf(pod)).length === 0)
    pod.renew()
    await waitUntil('the pod gets a new sandbox', async () => (await cni('ADD', pod)).status === 0)
  })
})

describe('a tunnel address outside a userspace bridge', () => {
  it('is an Event with the remedy and unreadiness, while pods of the node are served', async () => {
    const { netns } = node
    await netns.exec('ip', 'address', 'del', '192.0.2.1/24', 'dev', 'br-phy')
    await netns.exec('ip', 'link', 'add', 'plain0', 'up', 'type', 'veth', 'peer', 'name', 'plain1')
    await netns.exec('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'plain0')
    const isReported = (events: { items: readonly { reason?: string; message?: string }[] }) =>
      events.items.some(
        each => each.reason === 'TunnelOutsideUserspaceBridge' && /datapath_type=netdev/.test(each.message ?? ''),
      )
    await waitUntil('the Event is there', async () =>
      isReported(await plane.client.list(kube.events, { namespace: 'default' })),
    )
    expect(await netns.exec('curl', '-s', 'http://127.0.0.1:8083/readyz')).toMatch(/cannot leave through plain0/)
    const pod = await newPod()
    expect((await cni('ADD', pod)).status).toBe(0)
    await netns.exec('ip', 'link', 'del', 'plain0')
    await netns.exec('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'br-phy')
    await waitUntil(
      'readyz says ok',
      async () => (await netns.exec('curl', '-s', 'http://127.0.0.1:8083/readyz')).trim() === 'ok',
    )
  })
})

describe('what others own', () => {
  it('stays: foreign keys, mappings, and a system-id that somebody has chosen', async () => {
    await node.switch.vsctl(
      'set',
      'Open_vSwitch',
      '.',
      'external_ids:system-id=chosen',
      'external_ids:ovn-bridge-mappings=physnet:br-phy',
      'external_ids:foreign=1',
    )
    await waitUntil('the Node says so', async () => {
      const { metadata } = await plane.client.get(kube.nodes, { name: 'n1' })
      return metadata?.annotations?.['zstack.io/node-chassis'] === 'chosen'
    })
    expect(await external()).toMatch(/foreign="1".*ovn-bridge-mappings="physnet:br-phy".*system-id=chosen/)
  })

  it('does not keep what is ours from being repaired', async () => {
    await node.switch.vsctl('remove', 'Open_vSwitch', '.', 'external_ids', 'ovn-encap-ip')
    await waitUntil('the key is back', async () => (await external()).includes('ovn-encap-ip="192.0.2.1"'))
    await node.switch.vsctl('del-port', 'br-int', 'ovn-mp0')
    await waitUntil('the management port is back', async () =>
      (await node.netns.exec('ip', 'route')).includes('10.244.0.0/16 via'),
    )
  })
})

describe('SIGTERM', () => {
  it('answers what still waits, and ends', async () => {
    const pod = await newPod({ unassigned: true })
    const adding = cni('ADD', pod)
    await waitUntil('the agent has it', async () => (await node.requestsInFlight()) === 1)
    await node.killAgent('SIGTERM')
    expect(node.log()).not.toContain('something still held the process')
    expect(await adding).toMatchObject({ status: 1, output: { code: 11 } })
    expect(await cni('STATUS', pod)).toMatchObject({ status: 0 })
    expect(existsSync(node.conflist)).toBe(true)
  })
})
