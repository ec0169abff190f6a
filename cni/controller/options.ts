import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { leaseName } from '@ovnkit/cni-api'
import { type LogLevel, logLevels } from '@ovnkit/process'

/** What the command line says. */
export interface ControllerOptions {
  readonly config: string | undefined
  readonly kubeconfig: string | undefined
  readonly leaderElect: boolean
  readonly leaseNamespace: string
  readonly leaseName: string
  readonly leaseSeconds: number
  readonly renewSeconds: number
  readonly retrySeconds: number
  readonly metricsAddress: string
  readonly healthAddress: string
  readonly logLevel: LogLevel | undefined
  readonly identity: string
  readonly help: boolean
  readonly version: boolean
}

export const usage = `zstack-ovnkube-controller: makes Subnets, pods and nodes known to OVN

  --config FILE                       configuration (also ZSTACK_OVN_CONFIG_FILE)
  --kubeconfig FILE                   instead of the configuration's, or the pod's service account
  --leader-elect=true|false           write only while holding the Lease (default true)
  --leader-elect-namespace NAME       of the Lease (default kube-system)
  --leader-elect-lease-duration 15s   others take over after so long without a renewal
  --leader-elect-renew-deadline 10s   give up leading after so long without a renewal
  --leader-elect-retry-period 2s      between renewals
  --metrics-bind-address :8080        /metrics; 0 switches it off
  --health-probe-bind-address :8081   /healthz /readyz /loglevel; 0 switches it off
  --log-level LEVEL                   instead of the configuration's
  --version, --help
`

const text = { type: 'string' } as const

/**
 * Reads the command line.
 * @throws TypeError for an unknown flag or a value that cannot be
 */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): ControllerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: text,
      kubeconfig: text,
      'leader-elect': text,
      'leader-elect-namespace': text,
      'leader-elect-lease-duration': text,
      'leader-elect-renew-deadline': text,
      'leader-elect-retry-period': text,
      'metrics-bind-address': text,
      'health-probe-bind-address': text,
      'log-level': text,
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  return {
    config: values.config,
    kubeconfig: values.kubeconfig,
    leaderElect: boolean('--leader-elect', values['leader-elect'] ?? 'true'),
    leaseNamespace: values['leader-elect-namespace'] ?? 'kube-system',
    leaseName,
    leaseSeconds: seconds('--leader-elect-lease-duration', values['leader-elect-lease-duration'] ?? '15s'),
    renewSeconds: seconds('--leader-elect-renew-deadline', values['leader-elect-renew-deadline'] ?? '10s'),
    retrySeconds: seconds('--leader-elect-retry-period', values['leader-elect-retry-period'] ?? '2s'),
    metricsAddress: values['metrics-bind-address'] ?? ':8080',
    healthAddress: values['health-probe-bind-address'] ?? ':8081',
    logLevel: level('--log-level', values['log-level']),
    identity: `${env.POD_NAME ?? hostname()}_${process.pid}_${Date.now().toString(36)}`,
    help: values.help ?? false,
    version: values.version ?? false,
  }
}

function level(flag: string, value: string | undefined): LogLevel | undefined {
  const known = logLevels.find(one => one === value)
  if (value === undefined || known !== undefined) return known
  throw new TypeError(`${flag}: expected one of ${logLevels.join(', ')}, got "${value}"`)
}

function boolean(flag: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw new TypeError(`${flag}: expected true or false, got "${value}"`)
}

function seconds(flag: string, value: string): number {
  const [, number] = /^(\d+)s?$/.exec(value) ?? []
  if (number === undefined) throw new TypeError(`${flag}: expected seconds such as 15s, got "${value}"`)
  return Number(number)
}
