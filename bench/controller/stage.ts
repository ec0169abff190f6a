import { spawn } from 'node:child_process'
import { existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { customResourceDefinitions } from '@ovnkit/cni-api'
import { type ControlPlane, startControlPlane } from '@ovnkit/kube/testing'
import { startOvsdbServer, type TestServer } from '@ovnkit/ovsdb/testing'
import { freePort, waitUntil } from '@ovnkit/testing'
import { ApiLoad } from './api-load.ts'

const bundle = join(import.meta.dirname, '../../dist/zstack-ovnkube-controller.mjs')
const schemas = process.env.OVN_SCHEMAS ?? '/usr/share/ovn'

/** API server, databases, one fake Ready node: what a controller needs, and nobody else on the machine's two cores. */
export interface Stage extends AsyncDisposable {
  readonly plane: ControlPlane
  readonly nb: TestServer
  readonly sb: TestServer
  readonly api: ApiLoad
  readonly nbPid: number
  /** Starts the shipped bundle; resolves with its pid and the seconds until it said that it was ready. */
  startController(): Promise<{ pid: number; seconds: number; log: string; stop(): Promise<void> }>
}

export async function openStage(settings: { tunnel: 'vxlan' | 'geneve' }): Promise<Stage> {
  if (!existsSync(bundle)) throw new Error(`${bundle} is not there: run make build-controller`)
  await using stack = new AsyncDisposableStack()
  const plane = stack.use(await startControlPlane())
  const nb = stack.use(await startOvsdbServer({ schema: `${schemas}/ovn-nb.ovsschema`, tcp: true }))
  const sb = stack.use(await startOvsdbServer({ schema: `${schemas}/ovn-sb.ovsschema` }))
  const nbPid = nb.members[0]?.daemon.pid
  if (nbPid === undefined) throw new Error('the Northbound server did not start')
  const api = new ApiLoad(plane)
  for (const crd of Object.values(customResourceDefinitions({ ipFunctions: true })))
    await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd)
  await api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n0' } })
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    addresses: [{ type: 'InternalIP', address: '192.168.0.10' }],
  }
  await api.call('PATCH', '/api/v1/nodes/n0/status', { status }, 'application/merge-patch+json')
  const file = join(plane.folder, 'controller.yaml')
  writeFileSync(
    file,
    JSON.stringify({
      ovn: { nbdbAddress: nb.remote, sbdbAddress: sb.remote },
      kubernetes: { kubeconfig: plane.kubeconfig },
      tunnel: { type: settings.tunnel },
    }),
  )
  const kept = stack.move()
  return {
    plane,
    nb,
    sb,
    api,
    nbPid,
    startController: () => startController(file, plane.folder),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function startController(file: string, folder: string) {
  const port = await freePort()
  const log = join(folder, `controller-${port}.log`)
  const output = openSync(log, 'a')
  const began = performance.now()
  const args = [`--config=${file}`, '--metrics-bind-address=0', `--health-probe-bind-address=127.0.0.1:${port}`]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, bundle, ...args], {
    stdio: ['ignore', output, output],
  })
  const { pid } = child
  if (pid === undefined) throw new Error('the controller did not start')
  await waitUntil('the controller to lead', async () => {
    if (child.exitCode !== null) throw new Error(`the controller ended with ${child.exitCode}; see ${log}`)
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    )
    return ready
  })
  const seconds = (performance.now() - began) / 1000
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  return {
    pid,
    seconds,
    log,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}
