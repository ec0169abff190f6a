import { createHash } from 'node:crypto'
import type { PodNetwork } from '@ovnkit/cni-api'
import type { VhostPort } from '../vhost/port.ts'

/** An interface of a sandbox, as the runtime names it. */
export interface SandboxId {
  readonly containerId: string
  readonly ifName: string
}

/** What is attached: the sandbox of one incarnation of a pod. */
export interface Sandbox extends SandboxId {
  /** Path of the network namespace. */
  readonly netns: string
  readonly namespace: string
  readonly pod: string
  /** `metadata.uid` of the Pod object. */
  readonly podUid: string
  readonly network: PodNetwork
  /** Name of the pod's port in OVN. */
  readonly logicalPort: string
  /** The port is no interface of the kernel. */
  readonly vhost?: VhostPort
}

/** Name of the port and its Interface. */
export const portName = (sandbox: Sandbox): string => sandbox.vhost?.name ?? hostInterfaceName(sandbox)

/** Name of the host's end: the same for every try of the same ADD, so that a half-done one is found again. */
export function hostInterfaceName({ containerId, ifName }: SandboxId): string {
  const hash = createHash('sha256').update(`${containerId}/${ifName}`).digest('hex')
  // 15 bytes are the longest name of an interface.
  return `veth${hash.slice(0, 11)}`
}

/** `ifalias` of the host's end: tells ours from other veths, for GC. */
export function hostInterfaceAlias({ containerId, ifName }: SandboxId): string {
  return `zstack-ovn ${containerId} ${ifName}`
}

/** Reads `hostInterfaceAlias` back. */
export function parseAlias(alias: string): SandboxId | undefined {
  const [mark, containerId, ifName] = alias.split(' ')
  return mark === 'zstack-ovn' && containerId && ifName ? { containerId, ifName } : undefined
}

export const sandboxKey = ({ containerId, ifName }: SandboxId): string => `${containerId}/${ifName}`
