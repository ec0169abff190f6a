import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { AgentResponse } from '@ovnkit/cni-api/agent-socket'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BuiltPlugin, buildPlugin, runPlugin } from './testing.ts'

const result = {
  interfaces: [
    { name: 'veth1', mac: '0a:00:00:00:00:01' },
    { name: 'eth0', mac: '0a:58:0a:f4:01:05', sandbox: '/run/netns/x' },
  ],
  ips: [
    { address: '10.244.1.5/24', gateway: '10.244.1.1', interface: 1 },
    { address: 'fd00::5/64', gateway: 'fd00::1', interface: 1 },
  ],
  routes: [{ dst: '0.0.0.0/0', gw: '10.244.1.1' }],
  dns: {},
}

const pod = {
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/x',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=u=1',
}

let plugin: BuiltPlugin
let folder = ''
let server: Server
let calls: { url: string | undefined; body: unknown }[] = []
let respond: () => AgentResponse | undefined = () => ({ result: null })

beforeAll(async () => {
  plugin = await buildPlugin()
})
afterAll(() => plugin?.[Symbol.dispose]())

const socket = () => join(folder, 'run', 'cni-server.sock')
const config = (cniVersion = '1.0.0') => ({
  cniVersion,
  name: 'zstack-ovn',
  type: 'zstack-ovn-cni',
  serverSocket: socket(),
})
const run = (command: string, stdin: unknown = config(), env: Record<string, string> = pod) =>
  runPlugin(plugin.path, { ...env, CNI_COMMAND: command }, stdin)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ovnkit-agent-'))
  mkdirSync(join(folder, 'run'))
  calls = []
  server = createServer(async (request, response) => {
    calls.push({ url: `${request.method} ${request.url}`, body: await json(request) })
    const answer = respond()
    if (answer === undefined) request.socket.destroy()
    else {
      const body = JSON.stringify(answer)
      response.writeHead(200, { 'content-length': Buffer.byteLength(body) }).end(body)
    }
  })
})
afterEach(async () => {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
})
const listen = () => new Promise<void>(resolve => server.listen(socket(), resolve))

describe('VERSION', () => {
  it('names every version that is spoken, without an agent', async () => {
    const { status, output } = await run('VERSION', { cniVersion: '0.4.0' })
    expect(status).toBe(0)
    expect(output).toEqual({ cniVersion: '0.4.0', supportedVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] })
  })
})

describe('with an agent', () => {
  beforeEach(listen)

  it('passes an ADD on and prints the result', async () => {
    respond = () => ({ result })
    const { status, output } = await run('ADD')
    expect(status).toBe(0)
    expect(output).toEqual({ cniVersion: '1.0.0', ...result })
    expect(calls).toEqual([
      {
        url: 'POST /cni/add',
        body: {
          containerID: 'c1',
          netns: '/run/netns/x',
          ifName: 'eth0',
          podNamespace: 'ns',
          podName: 'web-0',
          podUID: 'u=1',
          config: config(),
        },
      },
    ])
  })

  it.each(['0.3.0', '0.3.1', '0.4.0'])('converts the result to version %s', async version => {
    respond = () => ({ result })
    const { output } = await run('ADD', config(version))
    expect(output).toMatchObject({ cniVersion: version, ips: [{ version: '4' }, { version: '6' }] })
  })

  it.each(['DEL', 'CHECK', 'GC', 'STATUS'])('prints nothing for a %s that went well', async command => {
    respond = () => ({ result: null })
    expect(await run(command, config('1.1.0'))).toMatchObject({ status: 0, output: undefined })
    expect(calls[0]?.url).toBe(`POST /cni/${command.toLowerCase()}`)
  })

  it("passes the agent's error on", async () => {
    respond = () => ({ error: { code: 11, msg: 'no annotation yet', details: 'pod ns/web-0' } })
    const { status, output } = await run('ADD')
    expect(status).toBe(1)
    expect(output).toEqual({ cniVersion: '1.0.0', code: 11, msg: 'no annotation yet', details: 'pod ns/web-0' })
  })

  it('sends and receives what is larger than the buffers of a socket', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ containerID: `container-${i}-é`, ifname: 'eth0' }))
    respond = () => ({ error: { code: 100, msg: 'é'.repeat(1_000_000) } })
    const { output } = await run('GC', { ...config('1.1.0'), 'cni.dev/valid-attachments': many })
    expect(output.msg).toHaveLength(1_000_000)
    expect(calls[0]?.body).toMatchObject({ config: { 'cni.dev/valid-attachments': { length: 20_000 } } })
  })

  it('answers 11 when the agent dies in the middle', async () => {
    respond = () => undefined
    expect(await run('ADD')).toMatchObject({ status: 1, output: { code: 11 } })
    expect(await run('DEL')).toMatchObject({ status: 1, output: { code: 11 } })
  })
})

describe('errors of the caller', () => {
  beforeEach(listen)

  it.each<[string, number, string, unknown, Record<string, string>]>([
    ['no JSON', 6, 'ADD', '{', pod],
    ['no object', 6, 'ADD', '[]', pod],
    ['a version that is not spoken', 1, 'ADD', { cniVersion: '0.1.0', name: 'a' }, pod],
    ['no version', 1, 'ADD', { name: 'a' }, pod],
    ['no name', 7, 'ADD', { cniVersion: '1.0.0' }, pod],
    ['a name with a slash', 7, 'ADD', { cniVersion: '1.0.0', name: 'a/b' }, pod],
    ['a socket that is no path', 7, 'ADD', { cniVersion: '1.0.0', name: 'a', serverSocket: 'x' }, pod],
    ['an unknown command', 4, 'FLY', { cniVersion: '1.0.0', name: 'a' }, pod],
    ['no container', 4, 'ADD', { cniVersion: '1.0.0', name: 'a' }, { ...pod, CNI_CONTAINERID: '' }],
    ['no namespace on CHECK', 4, 'CHECK', { cniVersion: '1.0.0', name: 'a' }, { ...pod, CNI_NETNS: '' }],
    ['no pod', 4, 'ADD', { cniVersion: '1.0.0', name: 'a' }, { ...pod, CNI_ARGS: 'IgnoreUnknown=1' }],
    ['CHECK before 0.4.0', 1, 'CHECK', { cniVersion: '0.3.1', name: 'a' }, pod],
    ['GC before 1.1.0', 1, 'GC', { cniVersion: '1.0.0', name: 'a' }, pod],
    ['STATUS before 1.1.0', 1, 'STATUS', { cniVersion: '1.0.0', name: 'a' }, pod],
  ])('%s is error %i', async (_, code, command, stdin, env) => {
    const { status, output } = await run(command, stdin, env)
    expect(status).toBe(1)
    expect(output).toMatchObject({ code, msg: expect.any(String) })
    expect(calls).toEqual([])
  })

  it('lets a DEL without network namespace through', async () => {
    respond = () => ({ result: null })
    expect(await run('DEL', config(), { ...pod, CNI_NETNS: '' })).toMatchObject({ status: 0 })
  })
})

describe('without an agent', () => {
  it.each(['ADD', 'DEL', 'CHECK', 'GC'])('%s is to be tried again', async command => {
    expect(await run(command, config('1.1.0'))).toMatchObject({ status: 1, output: { code: 11 } })
  })

  it('DEL succeeds where the agent has never run since boot: nothing of ours exists', async () => {
    rmSync(join(folder, 'run'), { recursive: true })
    expect(await run('DEL')).toMatchObject({ status: 0, output: undefined })
    expect(await run('ADD')).toMatchObject({ status: 1, output: { code: 11 } })
  })

  it('STATUS is 50 until the agent has been ready once', async () => {
    expect(await run('STATUS', config('1.1.0'))).toMatchObject({ status: 1, output: { code: 50 } })
  })

  it('STATUS stays good for 60 s after the agent has gone, then is 50', async () => {
    writeFileSync(join(folder, 'run', 'initialized'), '')
    expect(await run('STATUS', config('1.1.0'))).toMatchObject({ status: 0 })
    const mark = join(folder, 'run', 'agent-away')
    expect(existsSync(mark)).toBe(true)
    const ago = (seconds: number) => utimesSync(mark, Date.now() / 1000, Date.now() / 1000 - seconds)
    ago(55)
    expect(await run('STATUS', config('1.1.0'))).toMatchObject({ status: 0 })
    ago(65)
    expect(await run('STATUS', config('1.1.0'))).toMatchObject({ status: 1, output: { code: 50 } })
  })
})
