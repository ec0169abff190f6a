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
export { type KubeConfig, type LoadOptions, loadKubeConfig } from './config/kube-config.ts'
export type { Material } from './config/material.ts'
export * from './resources.ts'
