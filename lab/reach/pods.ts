import { type Pod, resources } from '@ovnkit/kube'
import type { Lab } from '../lab.ts'

/** A pod as something that speaks HTTP from a namespace. */
export interface Speaker {
  readonly name: string
  readonly namespace: string
  readonly node: string
  readonly addresses: readonly string[]
  readonly hostNetwork: boolean
}

export interface Selection {
  readonly namespace?: string
  readonly labelSelector?: string
}

/** Running pods of a lab that have an address. */
export async function speakersOf(lab: Lab, selection: Selection): Promise<Speaker[]> {
  const client = await lab.client()
  const { items } = await client.list(resources.pods, selection)
  return items
    .flatMap(pod => speakerOf(pod) ?? [])
    .sort((a, b) => `${a.node} ${a.name}`.localeCompare(`${b.node} ${b.name}`))
}

/** The pod `name` or `namespace/name`. Throws when it is not there or has no address. */
export async function speaker(lab: Lab, name: string): Promise<Speaker> {
  const [first = '', second] = name.split('/')
  const [namespace, pod] = second === undefined ? ['default', first] : [first, second]
  const client = await lab.client()
  const found = speakerOf(await client.get(resources.pods, { namespace, name: pod }))
  if (found === undefined) throw new Error(`pod ${namespace}/${pod} has no address yet, or has ended`)
  return found
}

function speakerOf({ metadata, spec, status }: Pod): Speaker | undefined {
  const addresses = (status?.podIPs ?? []).flatMap(({ ip }) => ip ?? [])
  if (addresses.length === 0 || status?.phase !== 'Running') return undefined
  return {
    name: metadata?.name ?? '',
    namespace: metadata?.namespace ?? '',
    node: spec?.nodeName ?? '',
    addresses,
    hostNetwork: spec?.hostNetwork === true,
  }
}

/**
 * The words that run a command in a pod's network, with the files and programs of its node: the same for pods with and without
 * containers.
 */
export async function inNetworkOf(lab: Lab, pod: Speaker): Promise<string[]> {
  return pod.hostNetwork ? [] : ['nsenter', `--net=${await netnsOf(lab, pod)}`, '--']
}

/** Which of a node's namespaces has the pod's address. */
async function netnsOf(lab: Lab, { node, addresses, name }: Speaker): Promise<string> {
  const [address = ''] = addresses
  const script =
    'cd /run/netns && for n in *; do ip -o -n "$n" address show 2>/dev/null | grep -qF " $0/" && echo "$PWD/$n"; done; true'
  const found = await lab.exec(node, ['sh', '-c', script, address])
  const [netns] = found.trim().split('\n')
  if (netns === undefined || netns === '')
    throw new Error(`no network namespace of ${node} has ${address}, the address of pod ${name}`)
  return netns
}
