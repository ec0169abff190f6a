import type { World } from '@ovnkit/cni-policy/reference'
import { listening, pool } from '@ovnkit/cni-policy/testing'
import { type Door, doorProbes } from './doors.ts'
import { servicePort, targetPort } from './objects.ts'
import { inFamily, type Place, type Probe, probe } from './probe.ts'

export interface Surroundings {
  readonly families: readonly (4 | 6)[]
  readonly nodes: readonly { readonly name: string; readonly addresses: readonly string[] }[]
  /** Somebody outside. */
  readonly outsider: { readonly name: string; readonly addresses: readonly string[] }
  readonly services: ReadonlyMap<string, readonly string[]>
  /** Ways to the pods from outside. */
  readonly doors: ReadonlyMap<string, Door>
}

const ports = [
  ...listening.TCP.map(port => ({ protocol: 'TCP' as const, port })),
  ...listening.UDP.map(port => ({ protocol: 'UDP' as const, port })),
]

/**
 * Everything that can be asked: every pod asks every pod, itself too, by address and by Service, every node and the outside; every node
 * asks every pod, and somebody outside does; on every port, in every family. From outside there are node ports, too.
 */
export function probesOf(world: World, around: Surroundings): Probe[] {
  const pods = placesOf(world)
  const nodes = around.nodes.map(({ name, addresses }): Place => ({ name, addresses, end: { node: name } }))
  const { name, addresses } = around.outsider
  const pairs = [
    ...pods.flatMap(from => [...pods, ...nodes].map(to => [from, to] as const)),
    ...nodes.flatMap(from => pods.map(to => [from, to] as const)),
  ]
  const all = around.families.flatMap(family => {
    const outside = { name, addresses, end: { address: inFamily(addresses, family) ?? '' } }
    const ways = [...pairs, ...pods.flatMap(pod => [[pod, outside] as const, [outside, pod] as const])]
    return [
      ...ways.flatMap(([from, to]) => ports.flatMap(one => probe(world, from, to, { ...one, family }) ?? [])),
      ...pods.flatMap(from => pods.flatMap(to => serviceProbe(world, from, to, around, family) ?? [])),
      ...pods.flatMap(to => doorProbes(world, outside, to, nodes, around.doors.get(to.name), family)),
    ]
  })
  return all.map((one, id) => ({ ...one, id }))
}

function placesOf({ pods }: World): Place[] {
  const known = new Set(pool.map(({ key }) => key))
  return pods.flatMap(({ metadata, status }) => {
    const name = `${metadata?.namespace}/${metadata?.name}`
    const addresses = (status?.podIPs ?? []).flatMap(({ ip }) => ip ?? [])
    return known.has(name) ? [{ name, addresses, end: { pod: name } }] : []
  })
}

/** Policies judge a Service's traffic at the endpoint that gets it. A pod that reaches itself this way sees another address. */
function serviceProbe(world: World, from: Place, to: Place, around: Surroundings, family: 4 | 6) {
  const direct = probe(world, from, to, { protocol: 'TCP', port: targetPort, family })
  const address = inFamily(around.services.get(to.name) ?? [], family)
  if (direct === undefined || address === undefined) return undefined
  const source = from.name === to.name ? undefined : direct.source
  return { ...direct, address, port: servicePort, service: true, source }
}
