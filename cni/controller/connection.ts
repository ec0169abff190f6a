import type { Config } from '@ovnkit/cni-api'

/** How both databases are spoken to. */
export function connectionOf({ ovn }: Pick<Config, 'ovn'>) {
  const { enabled, caCert, clientCert, clientKey } = ovn.ssl
  return {
    tls: enabled ? { ca: caCert, cert: clientCert, key: clientKey } : undefined,
    backoff: { min: ovn.reconnectInterval, max: ovn.maxReconnectInterval },
  }
}
