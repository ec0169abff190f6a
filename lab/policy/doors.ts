import type { World } from '@ovnkit/cni-policy/reference'
import { nameOf, targetPort } from './objects.ts'
import { inFamily, type Place, type Probe, probe } from './probe.ts'

/** Node ports of a pod. */
export interface Door {
  /** Of a Service with externalTrafficPolicy Local: the pod sees who asks. Only its own node has it. */
  readonly local: Readonly<Record<'TCP' | 'UDP', number>>
  /** With policy Cluster the pod sees the node that was asked (TCP). */
  readonly any: number
}

type Question = Omit<Probe, 'id'>

/** Somebody outside asks a pod by every way in: its node, and by policy Cluster every node. */
export function doorProbes(
  world: World,
  outside: Place,
  pod: Place,
  nodes: readonly Place[],
  door: Door | undefined,
  family: 4 | 6,
): Question[] {
  if (door === undefined) return []
  const own = nodes.filter(({ name }) => name === nodeOf(world, pod.name))
  return [
    ...own.flatMap(node =>
      (['TCP', 'UDP'] as const).flatMap(protocol => {
        const asked = probe(world, outside, pod, { protocol, port: targetPort, family })
        return through(asked, node, door.local[protocol], family)
      }),
    ),
    ...nodes.flatMap(node => {
      // Who brings others is not who lives there: what a node may ask its own pods does not extend to them.
      const end = { address: inFamily(node.addresses, family) ?? '' }
      const asked = probe(world, { ...outside, end }, pod, { protocol: 'TCP', port: targetPort, family })
      return through(asked, node, door.any, family).map(one => ({ ...one, source: undefined }))
    }),
  ]
}

function through(asked: Question | undefined, node: Place, port: number, family: 4 | 6): Question[] {
  const address = inFamily(node.addresses, family)
  return asked === undefined || address === undefined ? [] : [{ ...asked, address, port, service: true }]
}

function nodeOf({ pods }: World, key: string): string | undefined {
  const { namespace, name } = nameOf(key)
  return pods.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name)?.spec?.nodeName
}
