import { annotationNames, parsePodNetworks } from '@ovnkit/cni-api'
import type { IpAddress } from '@ovnkit/inet'
import type { PodFacts } from '../facts/pod.ts'
import type { PodWishes } from './choose.ts'

const { podNetworks, podUid, subnet, subnetRequest, ipAddressRequest } = annotationNames.pod

/** What a pod's annotations ask for and record. */
export function wishesOf(pod: PodFacts): PodWishes {
  return {
    subnet: pod.annotations[subnet] || pod.annotations[subnetRequest],
    addresses: pod.annotations[ipAddressRequest],
    recorded: recordedAddresses(pod),
  }
}

/** The addresses in the pod's own record, as the controller wrote it for this very pod; none when there is no such record, or one that cannot be read. */
export function recordedAddresses(pod: PodFacts): readonly IpAddress[] {
  const text = pod.annotations[podNetworks]
  if (text === undefined || pod.annotations[podUid] !== pod.uid) return []
  try {
    return parsePodNetworks(text).addresses.map(({ ip }) => ip)
  } catch {
    // Anything may stand in an annotation; an unreadable record is none, and is written anew.
    return []
  }
}
