import { dirname } from 'node:path'
import { type Config, integrationBridge, nbRemote, sbRemote } from '@ovnkit/cni-api'
import { readFlows } from '@ovnkit/ovs'
import type { Logger, Metrics } from '@ovnkit/process'
import { PolicyCounters } from './counters.ts'
import { observePolicies } from './metrics.ts'
import { lookUpRules } from './rules.ts'

/** Lets /metrics tell what policies decide on this node, unless the configuration says otherwise. Nothing happens until somebody asks. */
export function countPolicies(options: {
  readonly config: Config
  readonly metrics: Metrics
  readonly logger: Logger
}): void {
  const { config, metrics, logger } = options
  if (!config.networkPolicy.counters) return
  const folder = dirname(config.ovs.database.replace(/^unix:/, ''))
  const { ssl } = config.ovn
  const tls = ssl.enabled ? { ca: ssl.caCert, cert: ssl.clientCert, key: ssl.clientKey } : undefined
  const databases = { nb: nbRemote(config), sb: sbRemote(config), tls }
  const now = () => performance.now()
  const counters = new PolicyCounters({
    readFlows: (each, asked) => readFlows(`${folder}/${integrationBridge}.mgmt`, each, asked),
    lookUp: (cookies, signal) => lookUpRules(cookies, databases, signal),
    now,
    logger,
  })
  observePolicies(metrics, counters, now)
}
