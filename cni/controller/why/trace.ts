import { spawn } from 'node:child_process'
import { type End, endText, type Protocol } from '@ovnkit/cni-policy'
import { ipFamily } from '@ovnkit/inet'

/** A port of the logical network. */
export interface LogicalPort {
  readonly name: string
  readonly switch: string
  readonly mac: string
}

export interface TraceOptions {
  readonly sb: string
  readonly from: LogicalPort & { readonly address: string }
  /** Where the packet goes first: the other pod on the same switch, or the switch's router. */
  readonly nextMac: string
  readonly to: End
  readonly protocol: Protocol
  readonly port: number
}

export interface Trace {
  /** `delivered` to the destination's port, `leaves` the logical network, or neither: `dropped`. */
  readonly verdict: 'delivered' | 'leaves' | 'dropped'
  readonly output: string
}

/** What OVN says of the first packet of a connection (ovn-trace(8)); undefined where the program is not installed. */
export async function trace(options: TraceOptions, port: LogicalPort | undefined): Promise<Trace | undefined> {
  const output = await run(['--minimal', '--ct=new', `--db=${options.sb}`, options.from.switch, flowOf(options)])
  if (output === undefined) return undefined
  const outputs = [...output.matchAll(/output\("?([^")]+)"?\)|output to "([^"]+)"/g)].map(([, a, b]) => a ?? b ?? '')
  const arrives = port !== undefined && outputs.includes(port.name)
  return { verdict: arrives ? 'delivered' : outputs.length > 0 ? 'leaves' : 'dropped', output }
}

function flowOf({ from, nextMac, to, protocol, port }: TraceOptions): string {
  const destination =
    to.kind === 'node' ? to.addresses.find(one => ipFamily(one) === familyOf(from.address)) : to.address
  const field = familyOf(from.address) === 4 ? 'ip4' : 'ip6'
  return [
    `inport == "${from.name}"`,
    `eth.src == ${from.mac}`,
    `eth.dst == ${nextMac}`,
    `${field}.src == ${from.address}`,
    `${field}.dst == ${destination ?? endText(to)}`,
    'ip.ttl == 64',
    `${protocol.toLowerCase()}.dst == ${port}`,
  ].join(' && ')
}

const familyOf = (address: string) => (address.includes(':') ? 6 : 4)

/** A person asked: the program is started once for an answer. */
function run(args: readonly string[]): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
  const child = spawn('ovn-trace', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', chunk => {
    text += String(chunk)
  })
  child.stderr.on('data', chunk => {
    text += String(chunk)
  })
  child.on('error', error => ('code' in error && error.code === 'ENOENT' ? resolve(undefined) : reject(error)))
  child.on('close', () => resolve(text))
  return promise
}
