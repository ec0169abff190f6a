import { type Config, nbRemote, type OvnNames, ovnNames, readConfig, sbRemote } from '@ovnkit/cni-api'
import { type Explanation, endText, explain, numberOf, type Protocol, type Question } from '@ovnkit/cni-policy'
import { type Family, ipFamily } from '@ovnkit/inet'
import { KubeClient, loadKubeConfig } from '@ovnkit/kube'
import { type FlagValues, parseFlags } from '@ovnkit/process'
import { aclsOf } from './acls.ts'
import { type Answer, answerOf, type CountedAcl } from './answer.ts'
import { policiesOf } from './cluster.ts'
import { countsOf, type NodeCounts, nodeCounts } from './counters.ts'
import { findEnds } from './ends.ts'
import { cookiesOf, logicalPort, openRules, portNameOf, type Reach, type Rules, routerMac } from './northbound.ts'
import { readAsked, whyProgram } from './options.ts'
import { type Target, targetsOf } from './services.ts'
import { formatAnswer } from './text.ts'
import { type Trace, trace } from './trace.ts'

type Flags = FlagValues<(typeof whyProgram)['flags']>

/** Milliseconds for everything together. */
const longest = 60_000

/**
 * Answers one question and prints the answer.
 * @returns exit status: 0 allowed, 1 denied, 2 the question cannot be answered
 */
export async function why(args: readonly string[]): Promise<number> {
  const invocation = parseFlags(whyProgram, args)
  if (invocation.kind === 'print') {
    process[invocation.status === 0 ? 'stdout' : 'stderr'].write(`${invocation.text}\n`)
    return invocation.status
  }
  try {
    const answers = await ask(invocation.values)
    process.stdout.write(
      invocation.values.json ? `${JSON.stringify(answers, undefined, 2)}\n` : answers.map(formatAnswer).join('\n'),
    )
    return answers.every(({ allowed }) => allowed) ? 0 : 1
  } catch (error) {
    process.stderr.write(`${whyProgram.name}: ${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

async function ask(flags: Flags): Promise<Answer[]> {
  const asked = readAsked(flags)
  const config = readConfig({ file: flags.config, env: process.env })
  const client = new KubeClient(await kubeConfigOf(config, flags), { userAgent: 'zstack-ovnkube-why' })
  try {
    const targets = await targetsOf(client, asked)
    const answers: Answer[] = []
    for (const target of targets) answers.push(await answer(client, config, flags, target))
    return answers
  } finally {
    client.close()
  }
}

async function answer(client: KubeClient, config: Config, flags: Flags, { asked, service }: Target): Promise<Answer> {
  const { from, to } = await findEnds(client, asked.from, asked.to)
  const question: Question = { from, to, protocol: asked.protocol, port: asked.port }
  if (flags['no-ovn']) {
    const explanation = explain(await policiesOf(client, true), question)
    const counts = await countsAt(client, explanation, flags)
    return answerOf({
      ...{ question, explanation, service, trace: undefined },
      aclsOf: () => [],
      countsOf: (ruling, side) => countsOf(ruling, side, counts.get(side.pod.node)),
    })
  }
  const names = ovnNames(config.ovn.clusterName)
  const ports = [from, to].flatMap(end => (end.kind === 'pod' ? [portNameOf(end, names)] : []))
  const reach = reachOf(config, flags)
  await using nb = await openRules(reach.nb, ports)
  const tiers = nb.table('ACL').has('tier')
  const explanation = explain(await policiesOf(client, tiers), question)
  const counts = await countsAt(client, explanation, flags)
  return withOvn({ nb, reach, names, question, service, explanation, counts, tiers })
}

/** What the nodes of both sides have counted. */
async function countsAt(client: KubeClient, { sides }: Explanation, flags: Flags): Promise<Map<string, NodeCounts>> {
  const port = flags['agent-metrics-port']
  const nodes = port === '0' ? [] : [...new Set(sides.map(({ pod }) => pod.node))]
  const all = await Promise.all(nodes.map(async node => [node, await nodeCounts(client, node, port)] as const))
  return new Map(all)
}

interface Asking {
  readonly nb: Rules
  readonly reach: { readonly nb: Reach; readonly sb: Reach }
  readonly names: OvnNames
  readonly question: Question
  readonly service: string | undefined
  readonly explanation: Explanation
  readonly counts: ReadonlyMap<string, NodeCounts>
  readonly tiers: boolean
}

async function withOvn(asking: Asking): Promise<Answer> {
  const { nb, reach, question, service, explanation, counts, tiers } = asking
  const context = { tiers, family: familyOf(question), numberOf: numbersAt(question) }
  const rulings = explanation.sides.flatMap(({ bands, direction }) => bands.map(ruling => ({ ruling, direction })))
  const found = new Map(
    rulings.map(({ ruling, direction }) => [ruling, aclsOf(ruling, direction, nb.table('ACL').rows(), context)]),
  )
  const cookies = await cookiesOf(
    reach.sb,
    [...found.values()].flat().map(({ uuid }) => uuid),
  )
  const counted = (acls: ReturnType<typeof aclsOf>): CountedAcl[] =>
    acls.map(acl => ({ ...acl, cookies: cookies.get(acl.uuid) ?? [] }))
  return answerOf({
    question,
    explanation,
    service,
    aclsOf: ruling => counted(found.get(ruling) ?? []),
    countsOf: (ruling, side) => countsOf(ruling, side, counts.get(side.pod.node)),
    trace: await traceOf(asking),
  })
}

/** What a packet of the source would meet; only pods have a place in the logical network from where to begin. */
async function traceOf({ nb, names, reach, question }: Asking): Promise<Trace | undefined> {
  const { from, to, protocol, port } = question
  if (from.kind !== 'pod') return undefined
  const source = logicalPort(nb, portNameOf(from, names))
  if (source === undefined) return undefined
  const destination = to.kind === 'pod' ? logicalPort(nb, portNameOf(to, names)) : undefined
  const nextMac = destination?.switch === source.switch ? destination.mac : routerMac(nb, source)
  if (nextMac === undefined) return undefined
  const packet = { sb: reach.sb.remotes, from: { ...source, address: from.address }, nextMac, to, protocol, port }
  return trace(packet, destination)
}

function familyOf({ from, to }: Question): Family {
  const pod = from.kind === 'pod' ? from : to
  if (pod.kind === 'node') throw new Error(`${endText(pod)} has no policies`)
  return ipFamily(pod.address)
}

/** What a port's name means where the packet arrives. */
function numbersAt({ to }: Question) {
  return (protocol: string, name: string) =>
    to.kind === 'pod' && isProtocol(protocol) ? numberOf(to, protocol, name) : undefined
}

const isProtocol = (text: string): text is Protocol => text === 'TCP' || text === 'UDP' || text === 'SCTP'

function reachOf(config: Config, flags: Flags): Asking['reach'] {
  const { ssl } = config.ovn
  const tls = ssl.enabled ? { ca: ssl.caCert, cert: ssl.clientCert, key: ssl.clientKey } : undefined
  const signal = AbortSignal.timeout(longest)
  return {
    nb: { remotes: flags['nb-db'] ?? nbRemote(config), tls, signal },
    sb: { remotes: flags['sb-db'] ?? sbRemote(config), tls, signal },
  }
}

function kubeConfigOf(config: Config, flags: Flags) {
  const kubeconfig = flags.kubeconfig ?? config.kubernetes.kubeconfig
  const server = config.kubernetes.apiServer
  return loadKubeConfig({ ...(kubeconfig !== '' && { kubeconfig }), ...(server !== '' && { server }) })
}
