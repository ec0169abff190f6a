/**
 * What the network costs packets: node bench/datapath/main.ts [--rounds 5] [--ms 2000] [--families ipv4|ipv6|dual] [--gateway local|shared] [--datapath netdev|system]. As root;
 * makes a light lab of its own. See README.md.
 */
import { parseArgs } from 'node:util'
import { resources } from '@ovnkit/kube'
import { inNetworkOf, inside, type Lab, requireInit, speaker, withLab } from '@ovnkit/lab'
import { waitUntil } from '@ovnkit/testing'
import { Asker, startServer } from './peers.ts'
import { plainPath } from './plain.ts'
import { type Sample, table } from './table.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { rounds: text, ms: text, families: text, gateway: text, datapath: text, sources: { type: 'boolean' } },
})
const rounds = Number(values.rounds ?? 5)
const ms = Number(values.ms ?? 2000)
const families = oneOf(values.families, ['ipv4', 'ipv6', 'dual'] as const)
const gateway = oneOf(values.gateway, ['local', 'shared'] as const)
const datapath = oneOf(values.datapath, ['netdev', 'system'] as const)
const namespace = 'default'
const image = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0'

/** The value, or the first choice. */
function oneOf<T extends string>(value: string | undefined, choices: readonly [T, ...T[]]): T {
  const found = value === undefined ? choices[0] : choices.find(choice => choice === value)
  if (found === undefined) throw new Error(`expected ${choices.join(' or ')}, got ${value}`)
  return found
}

interface Path {
  readonly name: string
  readonly from: readonly string[]
  readonly address: string
}

/** A pod that does nothing: client and server run beside it, in its network. @returns its addresses */
async function pod(lab: Lab, name: string, nodeName: string, labels = {}): Promise<readonly string[]> {
  const client = await lab.client()
  const containers = [{ name: 'c', image, args: ['pause'] }]
  await client.create(resources.pods, { metadata: { namespace, name, labels }, spec: { nodeName, containers } })
  return waitUntil(`pod ${name} to run`, async () => {
    const { status } = await client.get(resources.pods, { namespace, name })
    return status?.phase === 'Running' ? status.podIPs?.map(({ ip }) => ip) : undefined
  })
}

/** A Service with one endpoint, a pod on the other node. @returns its addresses */
async function service(lab: Lab): Promise<readonly string[]> {
  const client = await lab.client()
  const ports = [9001, 9002].map(port => ({ name: `p${port}`, port, targetPort: port }))
  const dual = families === 'dual' ? { ipFamilyPolicy: 'RequireDualStack' } : {}
  await client.create(resources.services, {
    metadata: { namespace, name: 'far' },
    spec: { selector: { app: 'far' }, ports, ...dual },
  })
  const { spec } = await client.get(resources.services, { namespace, name: 'far' })
  return spec?.clusterIPs ?? []
}

const options = {
  name: 'bench-datapath',
  mode: 'light',
  nodes: 2,
  controllers: true,
  families,
  gateway,
  datapath,
} as const
const openvswitch = datapath === 'netdev' ? ('newer' as const) : ('host' as const)
await withLab({ ...options, openvswitch, product: values.sources ? 'sources' : 'bundle' }, async lab => {
  using stack = new DisposableStack()
  const machine = (name: string) => inside(requireInit(lab.machine(name)))
  const inPod = async (node: string, name: string) => [
    ...machine(node),
    ...(await inNetworkOf(lab, await speaker(lab, name))),
  ]
  await pod(lab, 'asker', 'n1')
  const [near, far] = [await pod(lab, 'near', 'n1'), await pod(lab, 'far', 'n2', { app: 'far' })]
  const virtual = await service(lab)
  const outside = lab.plan.networks.map(({ client }) => client)
  const from = await inPod('n1', 'asker')
  for (const place of [machine('n2'), machine('client'), await inPod('n1', 'near'), await inPod('n2', 'far')])
    stack.use(startServer(place))

  const samples: Sample[] = []
  const measure = async ({ name, from: place, address }: Path) => {
    using asker = await Asker.start(place)
    // The first packets find neighbours and make flows.
    await waitUntil(`${name}: ${address} answers`, async () => (await asker.latencies(address, 200)).length > 0)
    samples.push({
      path: name,
      latencies: await asker.latencies(address, ms),
      mbits: await asker.throughput(address, ms),
    })
  }
  const named = (name: string, addresses: readonly string[]): Path[] =>
    addresses.map(address => ({ name: `${name}, ${address.includes(':') ? 'IPv6' : 'IPv4'}`, from, address }))
  const paths = [
    ...named('pod - pod, same node', near),
    ...named('pod - pod, other node', far),
    ...named('pod - Service - pod, other node', virtual),
    ...named(`pod - outside, gateway ${gateway}`, outside),
  ]
  for (let round = 0; round < rounds; round++) {
    for (const offloads of [true, false]) {
      const address = await plainPath(lab, offloads)
      const name = offloads ? 'veth + bridge' : 'veth + bridge, no offloads'
      await measure({ name, from: machine('n1'), address })
    }
    for (const path of paths) await measure(path)
  }
  console.log(`datapath ${datapath}, ${families}, gateway ${gateway}, ${rounds} rounds of ${ms} ms\n`)
  console.log(table(samples))
})
process.exit(0)
