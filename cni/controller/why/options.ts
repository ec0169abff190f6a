import type { Protocol } from '@ovnkit/cni-policy'
import { type IpAddress, tryParseIp } from '@ovnkit/inet'
import type { FlagValues, Program } from '@ovnkit/process'
import { program } from '../options.ts'

/** The command line of `why`. */
export const whyProgram = {
  name: `${program.name} why`,
  version: program.version,
  summary: 'Says whether policies let a connection through, and why.',
  flags: {
    from: { type: 'string', help: 'Who asks: namespace/pod, or an address.' },
    to: { type: 'string', help: 'Who is asked: namespace/pod, or an address (of a Service, too).' },
    port: { type: 'string', help: 'tcp/80, udp/53, sctp/9: what is asked for at --to.' },
    json: { type: 'boolean', help: 'For programs.' },
    'no-ovn': { type: 'boolean', help: 'Ask the Kubernetes API only, not the databases of OVN.' },
    'nb-db': { type: 'string', help: "The Northbound database, instead of the configuration's." },
    'sb-db': { type: 'string', help: "The Southbound database, instead of the configuration's." },
    'agent-metrics-port': {
      type: 'string',
      help: "Where agents serve /metrics, which counts policies' packets; 0: nodes are not asked.",
      default: '8082',
    },
    config: program.flags.config,
    kubeconfig: program.flags.kubeconfig,
  },
} as const satisfies Program<Readonly<Record<string, { type: 'string' | 'boolean'; help: string; default?: string }>>>

/** One end as it was asked for. */
export type Place =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'address'; readonly address: IpAddress }

export interface Asked {
  readonly from: Place
  readonly to: Place
  readonly protocol: Protocol
  readonly port: number
}

/**
 * What the command line asks.
 * @throws TypeError for what cannot be
 */
export function readAsked({
  from,
  to,
  port,
}: Pick<FlagValues<(typeof whyProgram)['flags']>, 'from' | 'to' | 'port'>): Asked {
  return { from: place('--from', from), to: place('--to', to), ...portOf(port) }
}

function place(flag: string, text = ''): Place {
  const address = tryParseIp(text)
  if (address !== undefined) return { kind: 'address', address }
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(text) ?? []
  if (namespace !== undefined && name !== undefined) return { kind: 'pod', namespace, name }
  throw new TypeError(`${flag}: expected namespace/pod or an address, got "${text}"`)
}

const protocols: Readonly<Record<string, Protocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' }

function portOf(text = ''): { protocol: Protocol; port: number } {
  const [, name = 'tcp', digits] = /^(?:([a-z]+)\/)?(\d+)$/i.exec(text) ?? []
  const protocol = protocols[name.toLowerCase()]
  const port = Number(digits)
  if (protocol === undefined || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new TypeError(`--port: expected tcp/80, udp/53 or sctp/9, got "${text}"`)
  return { protocol, port }
}
