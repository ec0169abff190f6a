import { annotationNames, mirrorAnnotation } from '@ovnkit/cni-api'
import type { Pod } from '@ovnkit/kube'

/** What the agent keeps of a pod of its node. */
export interface PodFacts {
  /** As the kubelet calls the pod in CNI_ARGS: of a static pod the hash of its configuration, which its mirror is annotated with. */
  readonly uid: string
  /** Annotation `k8s.ovn.org/pod-networks`, when the controller wrote it for this very pod: not what came with a copied manifest. */
  readonly network: string | undefined
}

/** @returns undefined for a pod that uses the node's network */
export function podFacts({ metadata, spec }: Pod): PodFacts | undefined {
  if (spec?.hostNetwork === true) return undefined
  const { annotations = {} } = metadata ?? {}
  const uid = annotations[mirrorAnnotation] ?? metadata?.uid ?? ''
  const own = annotations[annotationNames.pod.podUid] === uid
  return {
    uid,
    network: own ? annotations[annotationNames.pod.podNetworks] : undefined,
  }
}

/** Whether this is the pod that the kubelet calls by that UID. Runtimes that tell no UID get the pod of that name. */
export function isPod({ uid }: PodFacts, podUid: string): boolean {
  return podUid === '' || podUid === uid
}
