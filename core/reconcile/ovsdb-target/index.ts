export { databaseReplica } from './database-replica.ts'
export {
  type Atom,
  type ColumnValue,
  DesiredElement,
  DesiredRow,
  type ElementSpec,
  OvsdbObjects,
  type RowRef,
  type RowSpec,
} from './desired.ts'
export { OvsdbTarget, type OvsdbTargetOptions } from './ovsdb-target.ts'
export type { Ownership } from './ownership.ts'
export type { Replica, ReplicaListener, ReplicaRow, ReplicaTable, RowChange } from './replica.ts'
