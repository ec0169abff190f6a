import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { KubeConfigError } from '../client/errors.ts'
import { inClusterConfig, isInCluster } from './in-cluster.ts'
import { readKubeconfig } from './kubeconfig-file.ts'
import { checkServer, type KubeConfig } from './server.ts'

export interface LoadOptions {
  /** Path of a kubeconfig; wins over everything else. */
  readonly kubeconfig?: string
  /** Replaces the server's address, e.g. to reach the API server before Services work. */
  readonly server?: string
  /** true: only the service account; false: never. Default: the service account when there is no kubeconfig. */
  readonly inCluster?: boolean
  /** Context to use instead of current-context. */
  readonly context?: string
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Finds the configuration: `kubeconfig`, then $KUBECONFIG, then the pod's service account, then ~/.kube/config. The first
 * that is there is used; it must then be right.
 * @throws KubeConfigError naming what was looked for, or what is wrong in which file
 */
export async function loadKubeConfig(options: LoadOptions = {}): Promise<KubeConfig> {
  const config = await find(options, options.env ?? process.env)
  return options.server === undefined ? config : { ...config, server: checkServer(options.server) }
}

async function find(options: LoadOptions, env: NodeJS.ProcessEnv): Promise<KubeConfig> {
  if (options.inCluster === true) return inClusterConfig(env)
  const named = options.kubeconfig ?? nonEmpty(env.KUBECONFIG)
  if (named !== undefined) return readKubeconfig(named, options.context)
  if (options.inCluster !== false && isInCluster(env)) return inClusterConfig(env)
  const home = join(env.HOME ?? homedir(), '.kube', 'config')
  if (existsSync(home)) return readKubeconfig(home, options.context)
  throw new KubeConfigError(
    `no Kubernetes configuration: neither a kubeconfig (option, $KUBECONFIG, ${home}) nor a service account was found. ` +
      'Set KUBECONFIG, or run in a pod whose service account token is mounted.',
  )
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}
