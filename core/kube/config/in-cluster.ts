import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KubeConfigError } from '../client/errors.ts'
import type { KubeConfig } from './server.ts'

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** True inside a pod whose service account token is mounted. */
export function isInCluster(env: NodeJS.ProcessEnv, directory = SERVICE_ACCOUNT): boolean {
  return env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(join(directory, 'token'))
}

/**
 * The pod's own account. The address is KUBERNETES_SERVICE_HOST and _PORT (an IPv6 host without brackets).
 * @throws KubeConfigError when a variable or a file is missing
 */
export function inClusterConfig(env: NodeJS.ProcessEnv, directory = SERVICE_ACCOUNT): KubeConfig {
  const host = env.KUBERNETES_SERVICE_HOST
  const port = env.KUBERNETES_SERVICE_PORT ?? '443'
  if (host === undefined || host === '')
    throw new KubeConfigError(
      'KUBERNETES_SERVICE_HOST is not set: this process does not run in a pod. Give a kubeconfig instead.',
    )
  const token = join(directory, 'token')
  if (!existsSync(token))
    throw new KubeConfigError(
      `${token} does not exist: set automountServiceAccountToken: true for this pod, or give a kubeconfig.`,
    )
  const ca = join(directory, 'ca.crt')
  const namespace = readNamespace(join(directory, 'namespace'))
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: existsSync(ca) ? { ca: { file: ca } } : {},
    auth: { token: { file: token } },
    ...(namespace === undefined ? {} : { namespace }),
  }
}

function readNamespace(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
}
