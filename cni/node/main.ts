import { readConfig } from '@ovnkit/cni-api'
import { loadKubeConfig } from '@ovnkit/kube'
import {
  ConfigError,
  createLogger,
  createMetrics,
  type MainContext,
  readFlags,
  runMain,
  startAdminServer,
} from '@ovnkit/process'
import { startAgent } from './agent.ts'
import { cleanNode } from './cleanup.ts'
import { restoreNic } from './gateway/restore.ts'

const name = 'zstack-ovnkube-node'
const version = '0.1.0'

const flags = readFlags({
  name,
  version,
  summary: 'looks after the network of one node, and answers the CNI plugin.',
  flags: {
    config: { type: 'string', help: 'Configuration file; ZSTACK_OVN_CONFIG_FILE names one as well.' },
    kubeconfig: { type: 'string', help: 'Kubeconfig file; without one the service account of the pod.' },
    'node-name': { type: 'string', help: 'Name of the Node; NODE_NAME gives it as well.' },
    'cni-socket-path': { type: 'string', help: 'Socket for the plugin, over cni.socketPath.' },
    'metrics-bind-address': { type: 'string', help: 'Where /metrics is served.', default: ':8082' },
    'health-probe-bind-address': { type: 'string', help: 'Where /healthz and /readyz are served.', default: ':8083' },
    cleanup: { type: 'boolean', help: 'Take everything of the product off this node, then wait to be ended.' },
    'log-level': { type: 'string', help: 'Over logging.level.' },
    'restore-nic': {
      type: 'boolean',
      help: 'Give the NIC of gateway mode shared its addresses and routes again, take it out of its bridge, and end.',
    },
    plugin: {
      type: 'string',
      help: 'The plugin, to be installed.',
      default: '/usr/lib/zstack-ovn-kubernetes/zstack-ovn-cni',
    },
  },
})

async function main({ signal, useLogger }: MainContext): Promise<void> {
  const config = readSettings()
  const { level, format, file } = config.logging
  const logger = createLogger({ name, level, format, ...(file !== '' && { file }) })
  useLogger(logger)
  if (flags['restore-nic'] === true) return restoreNic(config, logger, signal)
  const node = nodeName()
  if (flags.cleanup === true) {
    await cleanNode({ config, node, logger })
    return aborted(signal)
  }
  const { kubeconfig, apiServer } = config.kubernetes
  const path = flags.kubeconfig ?? kubeconfig
  const kubeConfig = await loadKubeConfig({
    ...(path !== '' && { kubeconfig: path }),
    ...(apiServer !== '' && { server: apiServer }),
  })
  const metrics = createMetrics({ prefix: 'zstack_ovn_kubernetes_' })
  await using agent = await startAgent({ config, node, kubeConfig, plugin: flags.plugin, logger, metrics, signal })
  const ready = () => agent.readiness.look()
  await using _metrics = await startAdminServer({ address: flags['metrics-bind-address'], logger, metrics })
  await using _health = await startAdminServer({
    address: flags['health-probe-bind-address'],
    logger,
    ready,
    live: () => [],
  })
  logger.info({ node, version }, 'started')
  await aborted(signal)
}

function readSettings() {
  const config = readConfig({ file: flags.config, env: process.env })
  const socketPath = flags['cni-socket-path'] ?? config.cni.socketPath
  const level = logLevel(flags['log-level']) ?? config.logging.level
  return { ...config, cni: { ...config.cni, socketPath }, logging: { ...config.logging, level } }
}

function logLevel(text: string | undefined) {
  if (text === undefined) return undefined
  return readConfig({ env: { ZSTACK_OVN_LOG_LEVEL: text } }).logging.level
}

function nodeName(): string {
  const node = flags['node-name'] ?? process.env.NODE_NAME ?? ''
  if (node !== '') return node
  const message = '--node-name, or NODE_NAME in the environment: expected the name of this Node, got none'
  throw new ConfigError([{ key: 'node-name', source: 'flag', message }])
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

await runMain(name, main)
