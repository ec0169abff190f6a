import { annotationNames, configHashAnnotation } from '@ovnkit/cni-api'
import type { Pod } from '@ovnkit/kube'

/** What the agent keeps of a pod of its node. */
export interface PodFacts {
  readonly uid: string
  /** For the mirror of a static pod: the UID that the kubelet gives the pod in CNI_ARGS. */
  readonly configHash: string | undefined
  /** Annotation `k8s.ovn.org/pod-networks`, when the controller wrote it for this very pod: not what came with a copied manifest. */
  readonly network: string | undefined
}

/** @returns undefined for a pod that uses the node's network */
export function podFacts({ metadata, spec }: Pod): PodFacts | undefined {
  if (spec?.hostNetwork === true) return undefined
  const { uid = '', annotations = {} } = metadata ?? {}
  const own = annotations[annotationNames.pod.podUid] === uid
  return {
    uid,
    configHash: annotations[configHashAnnotation],
    network: own ? annotations[annotationNames.pod.podNetworks] : undefined,
  }
}

/** Whether this is the pod that the kubelet calls by that UID. Runtimes that tell no UID get the pod of that name. */
export function isPod({ uid, configHash }: PodFacts, podUid: string): boolean {
  return podUid === '' || podUid === uid || podUid === configHash
}
