import { KubeClient, loadKubeConfig, mirror, type Pod, resources } from '@ovnkit/kube'
import { Store } from '@ovnkit/reconcile'

/** Follows pods and prints its CPU when it has seen so many events after the first list: `node watch-decode-child.ts KUBECONFIG EVENTS`. */
const [kubeconfig = '', eventsText = ''] = process.argv.slice(2)
const events = Number(eventsText)
const client = new KubeClient(await loadKubeConfig({ kubeconfig }))
const store = new Store<string>({ name: 'pods' })
const stop = new AbortController()
const trim = (pod: Pod) => pod.metadata?.annotations?.['k8s.ovn.org/pod-networks'] ?? ''
const running = mirror({ client, resource: resources.pods, store, trim, signal: stop.signal })
await running.ready()
console.log('ready')
const cpu = process.cpuUsage()
while (running.stats.events < events) await new Promise(resolve => setTimeout(resolve, 50))
const { user, system } = process.cpuUsage(cpu)
console.log(
  JSON.stringify({
    events: running.stats.events,
    cpuMicrosecondsPerEvent: Math.round((user + system) / running.stats.events),
  }),
)
stop.abort()
await running.ended
client.close()
