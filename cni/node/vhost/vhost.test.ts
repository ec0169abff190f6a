import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseIp, parseMac } from '@ovnkit/inet'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type VhostContext, vhostProblem, wantsVhost } from './capability.ts'
import { linkSocket, makeFolder, removeFolder } from './folder.ts'
import { hugepagesMB } from './hugepages.ts'
import { vhostPort } from './port.ts'

const dpdk = {
  enabled: true,
  socketDir: '/var/run/openvswitch',
  socketMode: 'client',
  queues: 2,
  minHugepagesMB: 1024,
} as const
const able: VhostContext = {
  dpdk,
  local: { datapath: 'netdev', dpdk: true, interfaceTypes: ['dpdkvhostuser', 'dpdkvhostuserclient'] },
  hugepagesMB: 2048,
}
const id = { containerId: 'f'.repeat(64), ifName: 'eth0', podUid: '0f1c3ad8-7f3f-4f6a-9a53-0a5f7f1d2c3b' }

describe('a node', () => {
  it('has vhost-user ports when everything that they need is there', () => {
    expect(vhostProblem(able)).toBeUndefined()
    expect(vhostProblem({ ...able, dpdk: { ...dpdk, minHugepagesMB: 0 }, hugepagesMB: 0 })).toBeUndefined()
  })

  it.each<[string, Partial<VhostContext>]>([
    ['dpdk.enabled', { dpdk: { ...dpdk, enabled: false } }],
    ['512 MiB in huge pages, and dpdk.minHugepagesMB asks for 1024', { hugepagesMB: 512 }],
    ['bridge does not exist', { local: undefined }],
    ['without DPDK', { local: { datapath: 'netdev', dpdk: false, interfaceTypes: [] } }],
    ['no interfaces of type dpdkvhostuserclient', { local: { datapath: 'netdev', dpdk: true, interfaceTypes: [] } }],
    ['datapath_type system', { local: { datapath: 'system', dpdk: true, interfaceTypes: ['dpdkvhostuserclient'] } }],
  ])('says what misses: %s', (text, change) => expect(vhostProblem({ ...able, ...change })).toContain(text))

  it('counts huge pages of all sizes, and none where the kernel has none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ovnkit-hugepages-'))
    for (const [name, pages] of [
      ['hugepages-2048kB', '512'],
      ['hugepages-1048576kB', '2'],
    ] as const) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'nr_hugepages'), `${pages}\n`)
    }
    expect(hugepagesMB(folder)).toBe(1024 + 2048)
    rmSync(folder, { recursive: true })
    expect(hugepagesMB(folder)).toBe(0)
  })
})

describe('a pod', () => {
  const unable = { ...able, hugepagesMB: 0 }

  it('is attached as its annotation says, and by the node where it leaves that open', () => {
    for (const wish of [undefined, 'kernel']) expect(wantsVhost(wish, () => able)).toBe(false)
    expect(wantsVhost('vhost-user', () => able)).toBe(true)
    expect(wantsVhost('auto', () => able)).toBe(true)
    expect(wantsVhost('auto', () => unable)).toBe(false)
  })

  it('is refused with the reason where it insists on what the node has not, or asks for nothing that there is', () => {
    expect(() => wantsVhost('vhost-user', () => unable)).toThrow(
      expect.objectContaining({ code: 7, details: expect.stringContaining('huge pages') }),
    )
    expect(() => wantsVhost('sriov', () => able)).toThrow('expected kernel, vhost-user or auto, got "sriov"')
  })
})

describe('a vhost-user port', () => {
  it('has a short name and a folder of its own for every sandbox', () => {
    const ports = [id, { ...id, ifName: 'net1' }, { ...id, containerId: 'e'.repeat(64) }].map(one =>
      vhostPort(one, dpdk, 1400),
    )
    expect(new Set(ports.map(({ name }) => name)).size).toBe(3)
    for (const { name, socket } of ports) {
      expect(name).toMatch(/^vhu[0-9a-f]{12}$/)
      expect(Buffer.byteLength(socket)).toBeLessThan(108)
    }
    expect(ports[0]).toMatchObject({
      type: 'dpdkvhostuserclient',
      socket: `/var/run/openvswitch/pods/${id.podUid}/eth0`,
      options: { 'vhost-server-path': `/var/run/openvswitch/pods/${id.podUid}/eth0` },
    })
  })

  it('is a socket of Open vSwitch in mode server', () => {
    const port = vhostPort(id, { ...dpdk, socketMode: 'server' }, 1400)
    expect(port).toMatchObject({ type: 'dpdkvhostuser', options: {}, made: `/var/run/openvswitch/${port.name}` })
  })

  it('is refused where the path would be none for a socket', () => {
    expect(() => vhostPort(id, { ...dpdk, socketDir: `/${'x'.repeat(80)}` }, 1400)).toThrow('at most 107 bytes')
  })
})

describe('the folder of a pod', () => {
  let top: string
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'ovnkit-vhost-'))
  })
  afterEach(() => rmSync(top, { recursive: true }))

  it('tells what the program must know, and has the socket that Open vSwitch made, again after that is another one', () => {
    const vhost = vhostPort(id, { ...dpdk, socketDir: top, socketMode: 'server' }, 1400)
    const network = {
      addresses: [{ ip: parseIp('10.1.0.5'), prefixLength: 24 }],
      mac: parseMac('0a:58:0a:01:00:05'),
      gateways: [parseIp('10.1.0.1')],
      routes: [],
    }
    makeFolder({ ...id, netns: '/x', namespace: 'ns', pod: 'p', logicalPort: 'ns_p', network, vhost }, vhost)
    expect(JSON.parse(readFileSync(join(vhost.folder, 'network.json'), 'utf8'))).toMatchObject({
      interface: 'eth0',
      socket: 'eth0',
      mode: 'client',
      mtu: 1400,
      queues: 2,
      networks: { default: { mac_address: '0a:58:0a:01:00:05' } },
    })
    const made = join(top, vhost.name)
    expect(() => linkSocket(made, vhost.socket)).toThrow(expect.objectContaining({ code: 11 }))
    for (const content of ['one', 'another']) {
      rmSync(made, { force: true })
      writeFileSync(made, content)
      linkSocket(made, vhost.socket)
      expect(readFileSync(vhost.socket, 'utf8')).toBe(content)
    }
    expect(statSync(join(top, 'pods')).mode & 0o777).toBe(0o711)
    removeFolder(vhost.folder)
    expect(readdirSync(join(top, 'pods'))).toEqual([])
  })
})
