import { type Intern, KubeClient, loadKubeConfig, mirror, type Pod, resources } from '@ovnkit/kube'
import { Store } from '@ovnkit/reconcile'

/** Mirrors all pods, as the controller trims them, and prints what that cost: `node mirror-memory-child.ts KUBECONFIG`. */
interface Kept {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly node: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

function trim({ metadata, spec }: Pod, intern: Intern): Kept {
  const annotations: Record<string, string> = {}
  for (const [name, value] of Object.entries(metadata?.annotations ?? {}))
    if (name.startsWith('zstack.io/') || name === 'k8s.ovn.org/pod-networks') annotations[name] = value
  const labels: Record<string, string> = {}
  for (const [name, value] of Object.entries(metadata?.labels ?? {})) labels[name] = intern(value)
  const { name = '', uid = '', namespace = '' } = metadata ?? {}
  return { namespace: intern(namespace), name, uid, node: intern(spec?.nodeName ?? ''), labels, annotations }
}

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10

function usage() {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    rss: megabytes(rss),
    heap: megabytes(heapUsed),
    external: megabytes(external),
    cpuMs: Math.round((user + system) / 1000),
  }
}

const client = new KubeClient(await loadKubeConfig({ kubeconfig: process.argv[2] ?? '' }))
await client.list(resources.namespaces)
globalThis.gc?.()
const before = usage()
const store = new Store<Kept>({ name: 'pods' })
const stop = new AbortController()
const started = performance.now()
let peak = 0
const watchPeak = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)
const running = mirror({ client, resource: resources.pods, store, trim, signal: stop.signal })
await running.ready()
const seconds = (performance.now() - started) / 1000
clearInterval(watchPeak)
const after = usage()
globalThis.gc?.()
const collected = usage()
console.log(JSON.stringify({ pods: store.size, seconds, before, after, collected, peak: megabytes(peak) }))
stop.abort()
await running.ended
client.close()
