/**
 * What plugin and agent say to each other: HTTP/1.1 over a unix socket, `POST /cni/<verb>` with an AgentRequest, answered
 * with an AgentResponse. The status is 200 for both outcomes: CNI has error codes of its own.
 */
export const agentVerbs = ['add', 'del', 'check', 'gc', 'status'] as const
export type AgentVerb = (typeof agentVerbs)[number]

export interface AgentRequest {
  readonly containerID?: string
  readonly netns?: string
  readonly ifName?: string
  readonly podNamespace?: string
  readonly podName?: string
  /** As the kubelet knows the pod: for static pods the hash of their configuration. */
  readonly podUID?: string
  /** The network configuration that the plugin got on its standard input. */
  readonly config: CniConfig
}

/** The parts of a CNI network configuration that matter here. */
export interface CniConfig {
  readonly cniVersion: string
  readonly name: string
  readonly type?: string
  /** Result of the ADD, on CHECK and DEL. */
  readonly prevResult?: unknown
  /** On GC: the attachments that still exist. */
  readonly 'cni.dev/valid-attachments'?: readonly CniAttachment[]
}

export interface CniAttachment {
  readonly containerID: string
  readonly ifname: string
}

/** `result` is of CNI 1.0.0, which the plugin converts to the version that its caller speaks; null but for ADD. */
export type AgentResponse = { readonly result: CniResult | null } | { readonly error: CniFailure }

/** CNI 1.0.0 success result. */
export interface CniResult {
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly sandbox?: string }[]
  readonly ips: readonly { readonly address: string; readonly gateway?: string; readonly interface: number }[]
  readonly routes: readonly { readonly dst: string; readonly gw?: string }[]
  readonly dns: Record<string, never>
}

export interface CniFailure {
  readonly code: number
  readonly msg: string
  readonly details?: string
}

/** CNI error codes (CNI specification 1.1.0, section 5 "Error"). From 100 on they are the plugin's own. */
export const cniErrors = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  badEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfig: 7,
  tryAgain: 11,
  notAvailable: 50,
  limitedConnectivity: 51,
  internal: 100,
  checkFailed: 101,
} as const
