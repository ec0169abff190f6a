import { annotationNames, mirrorAnnotation } from '@ovnkit/cni-api'
import { type NamedPort, namedPortsOf } from '@ovnkit/cni-policy'
import { type HostPort, hostPortsOf } from '@ovnkit/cni-service'
import type { Intern, Labels, Pod } from '@ovnkit/kube'
import { same } from '@ovnkit/reconcile'

/** What the controller keeps of a Pod: some 500 bytes instead of the object's 5,000. */
export interface PodFacts {
  readonly namespace: string
  readonly name: string
  /**
   * This pod instance, as its kubelet calls it: of a static pod the hash of its configuration. Its mirror may be deleted and made anew, as another object,
   * while the pod goes on.
   */
  readonly uid: string
  /** UID of the object, which a write must name. */
  readonly objectUid: string
  /** Empty until the pod is scheduled. */
  readonly node: string
  /** Milliseconds since the epoch, from `metadata.creationTimestamp`. */
  readonly created: number
  /** Succeeded or Failed: its containers are gone for good, only the object is left. */
  readonly ended: boolean
  readonly labels: Labels
  readonly hostPorts: readonly HostPort[]
  /** Container ports with names. */
  readonly ports: readonly NamedPort[]
  /** Our annotations, those that users write and those that we write; no others. */
  readonly annotations: Readonly<Record<string, string>>
}

/** What a pod's network depends on: of what users and we note on it only the security groups and the bandwidth. */
export type PodPlace = Pick<
  PodFacts,
  'namespace' | 'name' | 'uid' | 'objectUid' | 'node' | 'ended' | 'hostPorts' | 'annotations'
>

const { securityGroups, ingressBandwidth, egressBandwidth } = annotationNames.pod
const wishes = [securityGroups, ingressBandwidth, egressBandwidth]

export function samePlace(a: PodPlace, b: PodPlace): boolean {
  const instance = a.uid === b.uid && a.objectUid === b.objectUid && a.node === b.node && a.ended === b.ended
  const noted = wishes.every(name => a.annotations[name] === b.annotations[name])
  return instance && noted && same(a.hostPorts, b.hostPorts)
}

const kept = new Set<string>(Object.values(annotationNames.pod))

/** @returns undefined for a pod that uses its node's network and so is none of ours. */
export function podFacts(pod: Pod, intern: Intern = text => text): PodFacts | undefined {
  const { metadata = {}, spec, status } = pod
  if (spec?.hostNetwork === true) return undefined
  return {
    namespace: intern(metadata.namespace ?? ''),
    name: metadata.name ?? '',
    uid: metadata.annotations?.[mirrorAnnotation] ?? metadata.uid ?? '',
    objectUid: metadata.uid ?? '',
    node: intern(spec?.nodeName ?? ''),
    created: Date.parse(metadata.creationTimestamp ?? '') || 0,
    ended: status?.phase === 'Succeeded' || status?.phase === 'Failed',
    labels: shared(metadata.labels),
    hostPorts: hostPortsOf(spec),
    ports: namedPortsOf(spec),
    annotations: pick(metadata.annotations, kept),
  }
}

/** Beyond so many different sets of labels the table starts anew. */
const mostLabelSets = 4096
const labelSets = new Map<string, Labels>()
const noLabels: Labels = {}

/** One object for all pods with these labels: those of a Deployment differ in nothing. */
function shared(labels: Labels | undefined): Labels {
  if (labels === undefined) return noLabels
  const text = JSON.stringify(labels)
  const known = labelSets.get(text)
  if (known !== undefined) return known
  if (labelSets.size >= mostLabelSets) labelSets.clear()
  labelSets.set(text, labels)
  return labels
}

export function pick(
  all: Readonly<Record<string, string>> | undefined,
  names: ReadonlySet<string>,
): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name in all) {
    const value = all[name]
    if (value !== undefined && names.has(name)) picked[name] = value
  }
  return picked
}
