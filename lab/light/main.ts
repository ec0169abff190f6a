import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { KubeClient, loadKubeConfig } from '@ovnkit/kube'
import { createLogger, type Logger, runMain } from '@ovnkit/process'
import { LightKubelet } from './kubelet.ts'
import { beat, registerNode, reportReadiness } from './node.ts'

/** Milliseconds between two looks at the node's network configuration, and between two heartbeats. */
const lookEvery = 100
const beatEvery = 10_000

await runMain('light-kubelet', async ({ signal, useLogger }) => {
  const { values } = parseArgs({
    options: {
      node: { type: 'string' },
      addresses: { type: 'string' },
      zone: { type: 'string' },
      kubeconfig: { type: 'string' },
      agnhost: { type: 'string' },
    },
  })
  const { node = '', addresses = '', zone = '', kubeconfig = '', agnhost = '' } = values
  const logger = createLogger({ level: 'info', format: 'text', name: 'light-kubelet' })
  useLogger(logger)
  const client = new KubeClient(await loadKubeConfig({ kubeconfig }), { userAgent: 'light-kubelet' })
  await untilDone(() => registerNode(client, { name: node, addresses: addresses.split(','), zone }), logger, signal)
  // The node's own heartbeat and readiness are reported on a clock, as kubelet does.
  const beats = [
    setInterval(
      () => void reportReadiness(client, node).catch(error => logger.warn({ err: error }, 'node status')),
      lookEvery,
    ),
    setInterval(() => void beat(client, node).catch(error => logger.warn({ err: error }, 'lease')), beatEvery),
  ]
  await new LightKubelet({ client, node, nodeAddresses: addresses.split(','), agnhost, logger, signal }).run()
  for (const beat of beats) clearInterval(beat)
  client.close()
})

/** The API server may not be reachable when a node starts. */
async function untilDone(work: () => Promise<void>, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work()
    } catch (error) {
      logger.warn({ err: error }, 'not registered yet')
      await delay(500, undefined, { signal })
    }
  }
}
