import { defineResource, type LabelSelector, type ObjectMeta } from '@ovnkit/kube'
import { apiGroup, apiVersion } from './names.ts'

/** `resolvednames.network.zstack.io`, as the API server holds it: one for each node, of its name, while policies have domain names as peers. */
export interface ResolvedNames {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
  readonly spec: ResolvedNamesSpec
  readonly status?: ResolvedNamesStatus
}

export const resolvedNames = defineResource<ResolvedNames>({
  group: apiGroup,
  version: apiVersion,
  plural: 'resolvednames',
  kind: 'ResolvedNames',
  namespaced: false,
})

/** What the node is to learn from the answers that its pods get; written by the controller. */
export interface ResolvedNamesSpec {
  /** `www.example.com`, `*.example.com`: in lower case, without a final dot. */
  readonly names: readonly string[]
  /** Networks of the DNS servers that are believed. */
  readonly servers: readonly string[]
  /** Whose answers count: pods that any of these selects. */
  readonly pods: readonly PodSelection[]
}

export interface PodSelection {
  /** Without it all namespaces. */
  readonly namespaceSelector?: LabelSelector
  /** Without it all pods. */
  readonly podSelector?: LabelSelector
}

/** What the node has learned; written by its agent, and its memory. */
export interface ResolvedNamesStatus {
  readonly names?: readonly ResolvedName[]
}

export interface ResolvedName {
  /** One of `spec.names`. */
  readonly name: string
  readonly addresses: readonly ResolvedAddress[]
}

export interface ResolvedAddress {
  readonly address: string
  /** When it is forgotten unless it is heard again: RFC 3339. */
  readonly until: string
}
