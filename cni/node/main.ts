import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readConfig } from '@ovnkit/cni-api'
import { loadKubeConfig } from '@ovnkit/kube'
import { ConfigError, createLogger, createMetrics, type MainContext, runMain, startAdminServer } from '@ovnkit/process'
import { startAgent } from './agent.ts'

const name = 'zstack-ovnkube-node'

const options = {
  config: { type: 'string' },
  kubeconfig: { type: 'string' },
  'node-name': { type: 'string' },
  'cni-socket-path': { type: 'string' },
  'metrics-bind-address': { type: 'string', default: ':8082' },
  'health-probe-bind-address': { type: 'string', default: ':8083' },
  'log-level': { type: 'string' },
  plugin: { type: 'string', default: '/usr/lib/zstack-ovn-kubernetes/zstack-ovn-cni' },
  version: { type: 'boolean', default: false },
} as const

type Flags = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

async function main({ signal, useLogger }: MainContext): Promise<void> {
  const { values: flags } = parseArgs({ options })
  if (flags.version) return console.log(`${name} ${versionText()}`)
  const config = readSettings(flags)
  const { level, format, file } = config.logging
  const logger = createLogger({ name, level, format, ...(file !== '' && { file }) })
  useLogger(logger)
  const node = nodeName(flags)
  const { kubeconfig, apiServer } = config.kubernetes
  const path = flags.kubeconfig ?? kubeconfig
  const kubeConfig = await loadKubeConfig({
    ...(path !== '' && { kubeconfig: path }),
    ...(apiServer !== '' && { server: apiServer }),
  })
  const metrics = createMetrics({ prefix: 'zstack_ovn_kubernetes_' })
  await using agent = await startAgent({ config, node, kubeConfig, plugin: flags.plugin, logger, metrics, signal })
  const ready = () => agent.readiness.problems()
  await using _metrics = await startAdminServer({ address: flags['metrics-bind-address'], logger, metrics })
  await using _health = await startAdminServer({
    address: flags['health-probe-bind-address'],
    logger,
    ready,
    live: () => [],
  })
  logger.info({ node, version: versionText() }, 'started')
  await aborted(signal)
}

function readSettings(flags: Flags) {
  const config = readConfig({ file: flags.config, env: process.env })
  const socketPath = flags['cni-socket-path'] ?? config.cni.socketPath
  const level = logLevel(flags['log-level']) ?? config.logging.level
  return { ...config, cni: { ...config.cni, socketPath }, logging: { ...config.logging, level } }
}

function logLevel(text: string | undefined) {
  if (text === undefined) return undefined
  return readConfig({ env: { ZSTACK_OVN_LOG_LEVEL: text } }).logging.level
}

function nodeName(flags: Flags): string {
  const node = flags['node-name'] ?? process.env.NODE_NAME ?? ''
  if (node !== '') return node
  const message = '--node-name, or NODE_NAME in the environment: expected the name of this Node, got none'
  throw new ConfigError([{ key: 'node-name', source: 'flag', message }])
}

/** The bundle carries it; the sources have it in the package at the top. */
function versionText(): string {
  const file = new URL('../../package.json', import.meta.url)
  try {
    return JSON.parse(readFileSync(file, 'utf8')).version
  } catch {
    return 'unknown'
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

await runMain(name, main)
