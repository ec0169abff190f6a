import { KubeClient } from '../client/client.ts'
import { loadKubeConfig } from '../config/kube-config.ts'
import { runLeaderElection } from '../election/election.ts'

/** A process that campaigns for a lease and prints what happens: `node candidate.ts KUBECONFIG IDENTITY`. For tests that kill it. */
const [kubeconfig = '', identity = ''] = process.argv.slice(2)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort(new Error('stopped')))
using client = new KubeClient(await loadKubeConfig({ kubeconfig }))
await runLeaderElection({
  client,
  namespace: 'default',
  name: 'candidates',
  identity,
  leaseSeconds: 8,
  renewSeconds: 5,
  retrySeconds: 0.5,
  signal: stop.signal,
  onLeading: signal => {
    console.log('leading')
    signal.addEventListener('abort', () => console.log('lost'))
  },
  onStandby: holder => console.log(`standby of ${holder}`),
})
console.log('ended')
