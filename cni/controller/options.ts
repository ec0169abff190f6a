import { hostname } from 'node:os'
import { leaseName } from '@ovnkit/cni-api'
import { type Flag, type FlagValues, type LogLevel, logLevels, type Program } from '@ovnkit/process'

/** The program's command line. */
export const program = {
  name: 'zstack-ovnkube-controller',
  version: '0.1.0',
  summary: 'Makes Subnets, nodes and pods known to OVN.',
  flags: {
    config: { type: 'string', help: 'Configuration file (also ZSTACK_OVN_CONFIG_FILE).' },
    kubeconfig: { type: 'string', help: "Instead of the configuration's, or the pod's service account." },
    'leader-elect': { type: 'string', help: 'Write only while holding the Lease.', default: 'true' },
    'leader-elect-namespace': { type: 'string', help: 'Namespace of the Lease.', default: 'kube-system' },
    'leader-elect-lease-duration': { type: 'string', help: 'Others take over after so long.', default: '15s' },
    'leader-elect-renew-deadline': { type: 'string', help: 'Give up leading after so long.', default: '10s' },
    'leader-elect-retry-period': { type: 'string', help: 'Time between renewals.', default: '2s' },
    'metrics-bind-address': { type: 'string', help: 'Where /metrics is; 0 switches it off.', default: ':8080' },
    'health-probe-bind-address': {
      type: 'string',
      help: 'Where /healthz, /readyz and /loglevel are; 0 switches it off.',
      default: ':8081',
    },
    cleanup: {
      type: 'boolean',
      help: 'Take everything of this cluster out of the databases, then wait to be ended. The agents must be gone.',
    },
    'log-level': { type: 'string', help: "Instead of the configuration's." },
  },
} as const satisfies Program<Readonly<Record<string, Flag>>>

/** What the command line says, read. */
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
  /** Clean the databases instead of leading. */
  readonly cleanup: boolean
  readonly identity: string
}

/**
 * Reads the values of the flags.
 * @throws TypeError for a value that cannot be
 */
export function readOptions(values: FlagValues<(typeof program)['flags']>, env: NodeJS.ProcessEnv): ControllerOptions {
  return {
    config: values.config,
    kubeconfig: values.kubeconfig,
    leaderElect: boolean('--leader-elect', values['leader-elect']),
    leaseNamespace: values['leader-elect-namespace'],
    leaseName,
    leaseSeconds: seconds('--leader-elect-lease-duration', values['leader-elect-lease-duration']),
    renewSeconds: seconds('--leader-elect-renew-deadline', values['leader-elect-renew-deadline']),
    retrySeconds: seconds('--leader-elect-retry-period', values['leader-elect-retry-period']),
    metricsAddress: values['metrics-bind-address'],
    healthAddress: values['health-probe-bind-address'],
    logLevel: level('--log-level', values['log-level']),
    cleanup: values.cleanup,
    identity: `${env.POD_NAME ?? hostname()}_${process.pid}_${Date.now().toString(36)}`,
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
