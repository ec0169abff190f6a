export { Backoff, type BackoffOptions } from './client/backoff.ts'
export { KubeClient } from './client/client.ts'
export {
  type ApiCode,
  ApiError,
  isApiError,
  KubeConfigError,
  type Status,
  type TransportCode,
  TransportError,
} from './client/errors.ts'
export type {
  ApplyOptions,
  Attempt,
  CallOptions,
  DeleteOptions,
  KubeClientOptions,
  ListOptions,
  StatusOptions,
  WriteOptions,
} from './client/options.ts'
export { type JsonPatchOperation, type MergePatch, pointer } from './client/patch.ts'
export type { KubeRequest, KubeResponse } from './client/request.ts'
export { type LoadOptions, loadKubeConfig } from './config/kube-config.ts'
export type { Material } from './config/material.ts'
export type { KubeConfig } from './config/server.ts'
export { type LeaderElectionOptions, LeadershipLostError, runLeaderElection } from './election/election.ts'
export type { EventNote } from './events/correlator.ts'
export { EventRecorder, type EventRecorderOptions } from './events/recorder.ts'
export type { Trim } from './mirror/copy.ts'
export { mirrorDefined } from './mirror/defined.ts'
export { createIntern, type Intern } from './mirror/intern.ts'
export { type Mirror, type MirrorOptions, type MirrorStats, mirror } from './mirror/mirror.ts'
export type { WatchTimings } from './mirror/watch.ts'
export {
  apiVersionOf,
  type ConfigMap,
  type CoreEvent,
  type CustomResourceDefinition,
  type DaemonSet,
  type Deployment,
  defineResource,
  type EndpointSlice,
  type KubeObject,
  keyOf,
  type Lease,
  type Namespace,
  type NetworkPolicy,
  type Node,
  type ObjectMeta,
  type ObjectName,
  type ObjectRef,
  type OwnerReference,
  type Pod,
  pathOf,
  type Resource,
  resources,
  type Secret,
  type Service,
  type ServiceCIDR,
  type Wire,
} from './resources.ts'
export { type LabelRequirement, type LabelSelector, type Labels, meetsAll, selects } from './selector/selector.ts'
export {
  DesiredAnnotations,
  DesiredFinalizer,
  DesiredObject,
  DesiredStatus,
  type KubeDesires,
  kubeDesires,
} from './target/desired.ts'
export { KubeTarget, type KubeTargetOptions } from './target/kube-target.ts'
export { type Observed, type ObservedOptions, type ObservedResource, observed } from './target/observed.ts'
export { MANAGED_BY, OWNER } from './target/plan-object.ts'
