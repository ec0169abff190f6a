import { isIPv6 } from 'node:net'
import { resources, type Service } from '@ovnkit/kube'
import { z } from 'zod'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { inNetworkOf, type Speaker, speakersOf } from '../reach/pods.ts'
import { run } from '../state/run.ts'
import { waitFor } from '../state/wait.ts'
import { allCells, type Cell, type Client, type Entry, type Family, serviceOf } from './cells.ts'
import { judge, type Observed, type Place, type Verdict } from './judge.ts'
import {
  endpointPort,
  hostPort,
  type NodePlace,
  namespace,
  outsideAddresses,
  outsideRanges,
  podsOf,
  servicePort,
  servicesOf,
  statusesOf,
} from './world.ts'

export interface PathsOptions {
  /** Milliseconds until no answer is silence. Default 3,000. */
  readonly patience?: number
}

/** Makes the world of the paths on a lab of two nodes, asks every cell once, and removes the world. */
export async function walkPaths(lab: Lab, options: PathsOptions = {}): Promise<Verdict[]> {
  const walker = new Walker(lab, options.patience ?? 3000)
  try {
    await walker.build()
    return await walker.walk()
  } finally {
    await walker.remove()
  }
}

const observed = z.array(
  z.object({
    id: z.number(),
    outcome: z.string(),
    seen: z.string().optional(),
    by: z.string().optional(),
    ms: z.number(),
  }),
)
const program = new URL('ask.ts', import.meta.url).pathname

interface Question {
  readonly id: number
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
}

class Walker {
  readonly #lab: Lab
  readonly #patience: number
  readonly #families: readonly Family[]
  readonly #near: string
  readonly #far: string
  #pods = new Map<string, Speaker>()
  #services = new Map<string, Service>()

  constructor(lab: Lab, patience: number) {
    const [near, far] = lab.nodes
    if (near === undefined || far === undefined)
      throw new Error('paths lead between two nodes: expected a lab with two')
    this.#lab = lab
    this.#patience = patience
    this.#near = near
    this.#far = far
    this.#families = lab.plan.networks.map(({ family }) => family)
  }

  async build(): Promise<void> {
    const addressesOf = (cell: Parameters<typeof outsideAddresses>[0]) =>
      outsideAddresses(cell).filter(ip => this.#has(ip))
    const items = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ...podsOf(this.#placeOf(this.#near), this.#placeOf(this.#far)),
      ...servicesOf(addressesOf),
    ]
    await this.#kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items })
    const client = await this.#lab.client()
    await Promise.all(
      statusesOf(addressesOf).map(([name, status]) =>
        client.patchStatus(resources.services, { namespace, name }, status),
      ),
    )
    await this.#kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s'])
    await this.#look()
  }

  #placeOf(name: string): NodePlace {
    return { name, addresses: this.#lab.plan.nodeAddresses(name) }
  }

  #has(address: string): boolean {
    return this.#families.includes(isIPv6(address) ? 6 : 4)
  }

  /** Waits until Kubernetes itself has put the endpoints together; what we make of them is what is asked then. */
  async #look(): Promise<void> {
    const client = await this.#lab.client()
    this.#pods = new Map((await speakersOf(this.#lab, { namespace })).map(pod => [pod.name, pod]))
    const { items } = await client.list(resources.services, { namespace })
    this.#services = new Map(items.map(service => [service.metadata?.name ?? '', service]))
    const wanted = items.filter(({ metadata }) => !metadata?.name?.endsWith('-none')).length * this.#families.length
    await waitFor(
      async () => {
        const slices = await client.list(resources.endpointSlices, { namespace })
        return slices.items.filter(({ endpoints }) => (endpoints ?? []).length > 0).length >= wanted
      },
      { what: 'the endpoints of every Service', within: 30_000, every: 100 },
    )
  }

  async walk(): Promise<Verdict[]> {
    const cells = allCells(this.#families)
    const questions = cells.map((cell, id) => ({ id, protocol: cell.protocol, ...this.#targetOf(cell) }))
    const of = (client: Client, entry?: Entry) =>
      questions.filter(({ id }) => {
        const cell = cells[id]
        return cell?.client === client && (entry === undefined || cell.entry === entry)
      })
    const inside = (['pod', 'host', 'host-pod'] as const).map(client => this.#ask(client, of(client)))
    const outside = async () => {
      const answers: Observed[] = []
      for (const entry of ['near', 'far'] as const) {
        await this.#leadOutsideTo(entry)
        answers.push(...(await this.#ask('outside', of('outside', entry))))
      }
      return answers
    }
    const answers = new Map((await Promise.all([...inside, outside()])).flat().map(one => [one.id, one]))
    const places = await this.#places()
    return cells.map((cell, id) => judge(cell, answers.get(id), { ...places, expectedBy: this.#nameOf(cell) }))
  }

  async remove(): Promise<void> {
    await this.#kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=60s'])
    await this.#batchOutside(outsidePrefixes(this.#families).map(prefix => `route flush ${prefix}`))
  }

  #targetOf(cell: Cell): { address: string; port: number } {
    const { kind, endpoint, entry, family, protocol } = cell
    const ofFamily = (addresses: readonly string[]) => addresses.find(ip => isIPv6(ip) === (family === 6)) ?? ''
    if (kind === 'headless')
      return { address: ofFamily(this.#pods.get(endpoint)?.addresses ?? []), port: endpointPort(endpoint, protocol) }
    const node = ofFamily(this.#lab.plan.nodeAddresses(entry === 'far' ? this.#far : this.#near))
    if (kind === 'hostPort') return { address: node, port: hostPort }
    const spec = this.#services.get(serviceOf(cell))?.spec
    const nodePort = spec?.ports?.find(port => port.protocol === protocol.toUpperCase())?.nodePort ?? 0
    if (kind === 'NodePort') return { address: node, port: nodePort }
    const addresses = kind === 'ClusterIP' ? (spec?.clusterIPs ?? []) : outsideAddresses(cell)
    return { address: ofFamily(addresses), port: servicePort }
  }

  /** agnhost's answer: the pod's name, or on the host network the node's. */
  #nameOf({ endpoint }: Cell): string {
    const pod = this.#pods.get(endpoint)
    return pod?.hostNetwork === true ? pod.node : endpoint
  }

  async #ask(client: Client, questions: readonly Question[]): Promise<Observed[]> {
    const self = this.#pods.get('self')
    const words = client === 'pod' && self !== undefined ? await inNetworkOf(this.#lab, self) : []
    const machine = client === 'outside' ? 'client' : this.#near
    const argv = [...words, process.execPath, program, String(this.#patience)]
    return observed.parse(JSON.parse(await this.#lab.exec(machine, argv, { stdin: JSON.stringify(questions) })))
  }

  /** The outside's routes to the addresses of load balancers and to external ones. */
  #leadOutsideTo(entry: Entry): Promise<void> {
    const nodes = this.#lab.plan.nodeAddresses(entry === 'near' ? this.#near : this.#far)
    const lines = outsidePrefixes(this.#families).map(
      prefix => `route replace ${prefix} via ${nodes.find(ip => isIPv6(ip) === prefix.includes(':'))}`,
    )
    return this.#batchOutside(lines)
  }

  async #batchOutside(lines: readonly string[]): Promise<void> {
    await this.#lab.exec('client', ['ip', '-batch', '-'], { stdin: `${lines.join('\n')}\n` })
  }

  async #places(): Promise<Omit<Place, 'expectedBy'>> {
    const { plan } = this.#lab
    return {
      pod: this.#pods.get('self')?.addresses ?? [],
      node: plan.nodeAddresses(this.#near),
      outside: plan.networks.map(({ client }) => client),
    }
  }

  async #kubectl(args: readonly string[], input?: unknown): Promise<void> {
    const env = await environmentOf(this.#lab)
    await run(['kubectl', ...args], { env, ...(input === undefined ? {} : { stdin: JSON.stringify(input) }) })
  }
}

const outsidePrefixes = (families: readonly Family[]) =>
  Object.values(outsideRanges).flatMap(([four, six]) => [
    ...(families.includes(4) ? [`${four}0/24`] : []),
    ...(families.includes(6) ? [`${six}/64`] : []),
  ])
