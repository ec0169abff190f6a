import { KubeConfigError } from '../client/errors.ts'
import type { Material } from './material.ts'

/** How to reach and convince one API server. */
export interface KubeConfig {
  /** `https://host:port` */
  readonly server: string
  readonly tls: { readonly ca?: Material; readonly serverName?: string; readonly insecureSkipVerify?: boolean }
  readonly auth: {
    readonly cert?: Material
    readonly key?: Material
    readonly token?: Material
    readonly basic?: { readonly username: string; readonly password: string }
  }
  /** The context's or the service account's namespace. */
  readonly namespace?: string
}

/** @throws KubeConfigError unless it is an http(s) URL without a path */
export function checkServer(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new KubeConfigError(`the API server's address must be like https://10.0.0.1:6443, got "${server}"`)
  if (url.pathname !== '/' || url.search !== '')
    throw new KubeConfigError(
      `the API server's address must have no path, got "${server}": API proxies under a path are not supported`,
    )
  return url.origin
}
