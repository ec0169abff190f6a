import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resources } from '@ovnkit/kube'
import { startControlPlane } from '@ovnkit/kube/testing'
import { bundle } from './bundle.ts'
import { createPods, inParallel, NAMESPACE, podName, podNetwork } from './pods.ts'

/** CPU that a watch event costs a mirror, from the socket to the store, at the rate at which pods can be patched: `node bench/kube/watch-decode.ts [events] [rounds]`. */
const pods = 1_000
const events = Number(process.argv[2] ?? 5_000)
const rounds = Number(process.argv[3] ?? 3)
await using plane = await startControlPlane()
await createPods(plane.client, pods)
await using script = await bundle('watch-decode-child.ts')
for (let round = 1; round <= rounds; round++) {
  const child = spawn(process.execPath, [script.path, plane.kubeconfig, String(events)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.stdout.on('data', text => console.log(String(text).trim()))
  const ended = once(child, 'exit')
  await inParallel(events, 32, i => {
    const annotations = { ...podNetwork(i % pods, round), 'bench/pass': `${round}-${Math.floor(i / pods)}` }
    return plane.client.mergePatch(
      resources.pods,
      { namespace: NAMESPACE, name: podName(i % pods) },
      { metadata: { annotations } },
    )
  })
  await ended
}
