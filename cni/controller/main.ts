import { type Config, readConfig } from '@ovnkit/cni-api'
import { KubeClient, loadKubeConfig, runLeaderElection } from '@ovnkit/kube'
import {
  createLogger,
  createMetrics,
  type Logger,
  type MainContext,
  type RenderedMetrics,
  readFlags,
  runMain,
  startAdminServer,
} from '@ovnkit/process'
import { aborted } from './aborted.ts'
import type { CleanupContext } from './cleanup.ts'
import { Controller } from './controller.ts'
import { collectWhenIdle } from './idle-collection.ts'
import { observeController } from './metrics.ts'
import { type ControllerOptions, program, readOptions } from './options.ts'
import { Uninstall } from './uninstall.ts'
import { why } from './why/why.ts'

const { name, version } = program

async function main({ signal, useLogger }: MainContext): Promise<void> {
  const options = readOptions(readFlags(program), process.env)
  const config = readConfig({ file: options.config, env: process.env })
  const logger = loggerOf(config, options)
  useLogger(logger)
  await using stack = new AsyncDisposableStack()
  const client = new KubeClient(await kubeConfigOf(config, options), {
    userAgent: `${name}/${version}`,
    maxConnections: 16,
  })
  stack.defer(() => client.close())
  if (options.cleanup) return await cleanUp({ config, client, logger, signal }, options)
  const controller = stack.use(new Controller({ config, client, logger, signal }))
  const metrics = createMetrics({ prefix: 'zstack_ovn_kubernetes_' })
  observeController(metrics, controller)
  for (const server of await adminServers(controller, { logger, options, metrics })) stack.use(server)
  stack.use(collectWhenIdle(controller.sources.pods))
  logger.info({ version, mode: config.ovn.mode, tunnel: config.tunnel.type }, 'started')
  await controller.ready()
  await lead(controller, client, options, { signal, logger })
}

/** Leads whenever the Lease is ours. */
async function lead(
  controller: Controller,
  client: KubeClient,
  options: ControllerOptions,
  { signal, logger }: { signal: AbortSignal; logger: Logger },
): Promise<void> {
  if (!options.leaderElect) return controller.lead(signal)
  const { identity, leaseSeconds, renewSeconds, retrySeconds } = options
  return runLeaderElection({
    client,
    namespace: options.leaseNamespace,
    name: options.leaseName,
    identity,
    leaseSeconds,
    renewSeconds,
    retrySeconds,
    onLeading: leading => controller.lead(leading),
    onStandby: holder => logger.info({ holder }, 'standing by'),
    signal,
    logger,
  })
}

/** Takes what is ours out of the databases, and stays: a pod that ends would be started again. */
async function cleanUp(context: CleanupContext, options: ControllerOptions): Promise<void> {
  const { logger, signal } = context
  const uninstall = new Uninstall()
  await using stack = new AsyncDisposableStack()
  for (const server of await adminServers(uninstall, { logger, options })) stack.use(server)
  try {
    await uninstall.run(context, options)
    await aborted(signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function adminServers(
  work: { problems(): string[] },
  { logger, options, metrics }: { logger: Logger; options: ControllerOptions; metrics?: RenderedMetrics },
): Promise<AsyncDisposable[]> {
  const servers: AsyncDisposable[] = []
  if (metrics !== undefined && options.metricsAddress !== '0')
    servers.push(await startAdminServer({ address: options.metricsAddress, logger, metrics }))
  if (options.healthAddress !== '0') {
    // A restart mends nothing that the process waits for: it is alive as long as it answers.
    const checks = { ready: () => work.problems(), live: () => [] }
    servers.push(await startAdminServer({ address: options.healthAddress, logger, ...checks }))
  }
  return servers
}

function loggerOf(config: Config, options: ControllerOptions): Logger {
  const { level, format, file } = config.logging
  return createLogger({ name, level: options.logLevel ?? level, format, ...(file !== '' && { file }) })
}

function kubeConfigOf(config: Config, options: ControllerOptions) {
  const kubeconfig = options.kubeconfig ?? config.kubernetes.kubeconfig
  const server = config.kubernetes.apiServer
  return loadKubeConfig({ ...(kubeconfig !== '' && { kubeconfig }), ...(server !== '' && { server }) })
}

if (process.argv[2] === 'why') process.exitCode = await why(process.argv.slice(3))
else await runMain(name, main)
