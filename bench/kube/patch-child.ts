import { readFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { Agent, request as requestHttps } from 'node:https'
import { KubeClient, loadKubeConfig, resources } from '@ovnkit/kube'
import { inParallel, NAMESPACE, podName, podNetwork } from './pods.ts'

/** CPU and time of PATCHes by one way of sending them: `node patch-child.ts KUBECONFIG kube|https|http2 PODS PATCHES`. */
const [kubeconfig = '', variant = 'kube', podsText = '1000', patchesText = '2000'] = process.argv.slice(2)
const [pods, patches] = [Number(podsText), Number(patchesText)]
const config = await loadKubeConfig({ kubeconfig })
const WIDTH = 32
const TYPE = 'application/merge-patch+json'

type Send = (i: number, round: number) => Promise<unknown>

const pathOf = (i: number) => `/api/v1/namespaces/${NAMESPACE}/pods/${podName(i % pods)}`
const bodyOf = (i: number, round: number) => ({ metadata: { annotations: podNetwork(i % pods, round) } })

const file = (material: object | undefined) =>
  readFileSync(material !== undefined && 'file' in material ? String(material.file) : '')
const tls = { ca: file(config.tls.ca), cert: file(config.auth.cert), key: file(config.auth.key) }

const variants: Record<string, () => Send> = {
  kube: () => {
    const client = new KubeClient(config)
    return (i, round) =>
      client.mergePatch(resources.pods, { namespace: NAMESPACE, name: podName(i % pods) }, bodyOf(i, round))
  },
  https: () => {
    const agent = new Agent({ keepAlive: true, maxSockets: WIDTH, ...tls })
    return (i, round) => viaHttps(agent, pathOf(i), JSON.stringify(bodyOf(i, round)))
  },
  http2: () => {
    const session = connectHttp2(config.server, { ...tls, settings: { initialWindowSize: 1 << 20 } })
    return (i, round) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'PATCH', ':path': pathOf(i), 'content-type': TYPE })
        const chunks: Buffer[] = []
        stream.on('data', chunk => chunks.push(chunk))
        stream.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
        stream.on('error', reject)
        stream.end(JSON.stringify(bodyOf(i, round)))
      })
  },
}

function viaHttps(agent: Agent, path: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': TYPE, 'content-length': Buffer.byteLength(body) }
    const request = requestHttps(config.server + path, { agent, method: 'PATCH', headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())))
    })
    request.on('error', reject)
    request.end(body)
  })
}

const send = variants[variant]?.()
if (send === undefined) throw new Error(`unknown variant ${variant}: use ${Object.keys(variants).join(', ')}`)
for (let round = 0; round < 3; round++) {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await inParallel(patches, WIDTH, i => send(i, round))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - started) / 1000
  const rss = Math.round(process.memoryUsage.rss() / 1e6)
  console.log(
    JSON.stringify({
      variant,
      round,
      cpuMs: (user + system) / 1000 / patches,
      perSecond: Math.round(patches / seconds),
      rss,
    }),
  )
}
process.exit()
