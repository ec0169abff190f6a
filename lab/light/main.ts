import { parseArgs } from 'node:util'
import { KubeClient, loadKubeConfig } from '@ovnkit/kube'
import { createLogger, runMain } from '@ovnkit/process'
import { LightKubelet } from './kubelet.ts'
import { registerNode, renewLease, reportReadiness } from './node.ts'

/** Milliseconds between two looks at the node's network configuration, and between two heartbeats. */
const lookEvery = 100
const beatEvery = 10_000

await runMain('light-kubelet', async ({ signal, useLogger }) => {
  const { values } = parseArgs({
    options: {
      node: { type: 'string' },
      addresses: { type: 'string' },
      kubeconfig: { type: 'string' },
      agnhost: { type: 'string' },
    },
  })
  const { node = '', addresses = '', kubeconfig = '', agnhost = '' } = values
  const logger = createLogger({ level: 'info', format: 'text', name: 'light-kubelet' })
  useLogger(logger)
  const client = new KubeClient(await loadKubeConfig({ kubeconfig }), { userAgent: 'light-kubelet' })
  await registerNode(client, node, addresses.split(','))
  // The node's own heartbeat and readiness are reported on a clock, as kubelet does.
  const beats = [
    setInterval(
      () => void reportReadiness(client, node).catch(error => logger.warn({ err: error }, 'node status')),
      lookEvery,
    ),
    setInterval(() => void renewLease(client, node).catch(error => logger.warn({ err: error }, 'lease')), beatEvery),
  ]
  await renewLease(client, node)
  await new LightKubelet({ client, node, nodeAddresses: addresses.split(','), agnhost, logger, signal }).run()
  for (const beat of beats) clearInterval(beat)
  client.close()
})
