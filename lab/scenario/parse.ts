/**
 * A scenario is a text for people that can be run. Prose stands at the margin; what is indented by four spaces is a session:
 *
 *     $ kubectl get pods web        # within 10s
 *     > -o jsonpath={.status.phase}
 *     Running
 *
 * `$` starts a command (run by bash), `>` continues it, other lines are its expected output: `*` stands for anything within a line,
 * a line `...` for any lines. A comment `# within 10s` repeats the command until its output is as expected or the time is over;
 * `# exit 1` expects that exit code (both in the first or the last line of a command). A command without expected lines must only succeed.
 *
 * Below the title, the lab it wants: `modes: light, full`, `nodes: 2`, `tunnel: vxlan`, `families: ipv4`, `gateway: local`, `datapath: netdev`,
 * `proxy: product` (these are the defaults; `proxy: kube-proxy` runs one on every node; `openvswitch: dpdk` is one built with DPDK; `central: lab` with `product: images` runs an OVN of somebody else's; `databases: tls` are OVN's over TLS only; `ovn: newer` is that of the next Debian, with tiers; `datapath: system`
 * needs a kernel with openvswitch, and runs in a virtual machine of that kind; `netdev, system`: on either). `suite: long` keeps it for the runs of everything.
 */
export interface Step {
  readonly line: number
  readonly command: string
  readonly expected: readonly string[]
  /** Milliseconds; 0: the first try counts. */
  readonly within: number
  readonly exit: number
}

export type Datapath = 'netdev' | 'system'

export interface Scenario {
  readonly file: string
  readonly title: string
  /** Labs it can run on. */
  readonly modes: readonly ('light' | 'full')[]
  readonly nodes: number
  readonly tunnel: 'vxlan' | 'geneve'
  readonly families: 'ipv4' | 'ipv6' | 'dual'
  readonly gateway: 'local' | 'shared'
  readonly datapaths: readonly Datapath[]
  /** Who serves the hosts' Services: the product, or a kube-proxy on every node. */
  readonly proxy: 'product' | 'kube-proxy'
  /** Whose OVN there is: the product's, or with its images one of the lab's beside them. */
  readonly central: 'product' | 'lab'
  /** How the OVN databases are spoken to. */
  readonly databases: 'tcp' | 'tls'
  /** Which Open vSwitch: one that does the other headers' work, or one with DPDK. */
  readonly openvswitch: 'usual' | 'dpdk'
  /** Which OVN: this machine's (23.03), or that of the next Debian (25.03). */
  readonly ovn: 'host' | 'newer'
  /** What the lab runs of the product: its programs, or nothing yet, with its images at hand. */
  readonly product: 'programs' | 'images'
  /** `long`: runs with everything only, not among those that run at every change. */
  readonly suite: 'short' | 'long'
  /** Keys of the product's configuration, as YAML in one line. */
  readonly settings: string
  readonly steps: readonly Step[]
}

/** Reads a scenario's text. Throws naming file and line when it can't be understood. */
export function parseScenario(file: string, text: string): Scenario {
  const lines = text.split('\n')
  return { file, title: lines[0]?.trim() ?? file, ...headerOf(file, lines), steps: stepsOf(file, lines) }
}

function headerOf(file: string, lines: readonly string[]): Omit<Scenario, 'file' | 'title' | 'steps'> {
  const value = (key: string) =>
    lines
      .find(line => line.startsWith(`${key}: `))
      ?.slice(key.length + 2)
      .trim()
  const oneOf = <T extends string>(key: string, said: string, choices: readonly T[]): T => {
    const found = choices.find(choice => choice === said)
    if (found === undefined) throw new Error(`${file}: ${key}: expected ${choices.join(' or ')}, got ${said}`)
    return found
  }
  const list = <T extends string>(key: string, usual: string, ...choices: readonly T[]): T[] =>
    (value(key) ?? usual).split(/,\s*/).map(said => oneOf(key, said, choices))
  const modes = list('modes', 'light, full', 'light', 'full')
  const datapaths = list<Datapath>('datapath', 'netdev', 'netdev', 'system')
  const choice = <T extends string>(key: string, first: T, ...others: readonly T[]): T =>
    oneOf(key, value(key) ?? first, [first, ...others])
  const tunnel = choice<Scenario['tunnel']>('tunnel', 'vxlan', 'geneve')
  const families = choice<Scenario['families']>('families', 'ipv4', 'ipv6', 'dual')
  const gateway = choice<Scenario['gateway']>('gateway', 'local', 'shared')
  const proxy = choice<Scenario['proxy']>('proxy', 'product', 'kube-proxy')
  const central = choice<Scenario['central']>('central', 'product', 'lab')
  const databases = choice<Scenario['databases']>('databases', 'tcp', 'tls')
  const openvswitch = choice<Scenario['openvswitch']>('openvswitch', 'usual', 'dpdk')
  const ovn = choice<Scenario['ovn']>('ovn', 'host', 'newer')
  const product = choice<Scenario['product']>('product', 'programs', 'images')
  const suite = choice<Scenario['suite']>('suite', 'short', 'long')
  const nodes = Number(value('nodes') ?? 2)
  if (!Number.isInteger(nodes) || nodes < 1) throw new Error(`${file}: nodes: expected a number, got ${value('nodes')}`)
  const settings = value('settings') ?? ''
  return {
    modes,
    nodes,
    tunnel,
    families,
    gateway,
    datapaths,
    proxy,
    central,
    databases,
    openvswitch,
    ovn,
    product,
    suite,
    settings,
  }
}

const indent = '    '

function stepsOf(file: string, lines: readonly string[]): Step[] {
  const steps: { line: number; command: string; expected: string[] }[] = []
  let session = false
  for (const [index, raw] of lines.entries()) {
    const inSession = raw.startsWith(indent)
    const line = raw.slice(indent.length)
    if (inSession && line.startsWith('$ ')) steps.push({ line: index + 1, command: line.slice(2), expected: [] })
    else if (inSession) addTo(steps.at(-1), line, session, `${file}:${index + 1}`)
    session = inSession || (raw.trim() === '' && session)
  }
  return steps.map(step => ({ ...step, expected: trimEnd(step.expected), ...annotationsOf(step.command) }))
}

function addTo(
  step: { command: string; expected: string[] } | undefined,
  line: string,
  session: boolean,
  where: string,
): void {
  if (step === undefined || !session)
    throw new Error(`${where}: expected a command ("$ ...") before ${JSON.stringify(line)}`)
  if (step.expected.length === 0 && (line.startsWith('> ') || line === '>')) step.command += `\n${line.slice(2)}`
  else step.expected.push(line)
}

function trimEnd(lines: readonly string[]): string[] {
  const end = lines.findLastIndex(line => line.trim() !== '')
  return lines.slice(0, end + 1)
}

function annotationsOf(command: string): { within: number; exit: number } {
  const lines = command.split('\n')
  // A here-document ends with its mark: then the comment stands in the first line.
  const comment = [lines[0], lines.at(-1)].map(line => /#.*$/.exec(line ?? '')?.[0] ?? '').join(' ')
  const within = /\bwithin (\d+)s\b/.exec(comment)?.[1]
  const exit = /\bexit (\d+)\b/.exec(comment)?.[1]
  return { within: within === undefined ? 0 : Number(within) * 1000, exit: Number(exit ?? 0) }
}

/** Whether an output is the expected one. */
export function matches(expected: readonly string[], output: string): boolean {
  if (expected.length === 0) return true
  const pattern = expected.map(line => (line.trim() === '...' ? '(?:.*\n)*' : `${globOf(line)}\n`)).join('')
  return new RegExp(`^${pattern}$`).test(`${output.trimEnd()}\n`)
}

const globOf = (line: string) =>
  line
    .trimEnd()
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
