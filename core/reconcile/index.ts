export { type Backoff, type Clock, defaultBackoff, systemClock } from './clock.ts'
export { Engine } from './engine.ts'
export { facet } from './facet.ts'
export { getOrSet } from './get-or-set.ts'
export { MultiMap } from './multimap.ts'
export type { EngineLog, EngineOptions, EngineStats } from './options.ts'
export {
  type Atom,
  type ColumnValue,
  DesiredElement,
  DesiredRow,
  databaseReplica,
  type ElementSpec,
  OvsdbObjects,
  OvsdbTarget,
  type OvsdbTargetOptions,
  type Ownership,
  type Replica,
  type ReplicaListener,
  type ReplicaRow,
  type ReplicaTable,
  type RowChange,
  type RowRef,
  type RowSpec,
} from './ovsdb-target/index.ts'
export { type OwnerKind, type OwnerState, type OwnerStatus, ownerKey, type Rendered, type View } from './owner.ts'
export type { Difference } from './recompute.ts'
export { same, sameList } from './same.ts'
export { type IndexFunction, type ReadableStore, Store, type StoreListener, type StoreOptions } from './store.ts'
export type {
  Blocked,
  CommitResult,
  Desired,
  Held,
  OwnerKey,
  Target,
  TargetBatch,
  TargetLimits,
  TargetSink,
} from './target.ts'
