export { probeRemotes } from './connection/probe.ts'
export { tlsFileProblems } from './connection/tls-files.ts'
export {
  type ConnectionLogger,
  type ConnectionState,
  type ConnectionStats,
  InconsistentError,
  type TlsFiles,
} from './connection/types.ts'
export { openDatabase } from './database.ts'
export { SchemaTooOldError } from './replica/plan.ts'
export { parseSchema, SchemaError } from './schema/parse.ts'
export {
  type AnyTables,
  type AtomicType,
  type BaseType,
  type ColumnKind,
  type ColumnSchema,
  columnKind,
  type DatabaseSchema,
  type TableName,
  type TableSchema,
  type TableTypes,
} from './schema/types.ts'
export type { Atom, Int64, MapInput, NonEmptySetInput, OvsMap, OvsSet, SetInput, Uuid } from './schema/values.ts'
export type { Batcher, BatcherOptions } from './transaction/batcher.ts'
export {
  abort,
  absent,
  addToSet,
  assertLock,
  type ColumnValues,
  comment,
  deleteKeys,
  increment,
  insert,
  type Mutation,
  mutate,
  type Operation,
  operations,
  remove,
  removeFromSet,
  select,
  setKeys,
  type TypedOperations,
  update,
  wait,
} from './transaction/operations.ts'
export { type OperationResult, type Outcome, OvsdbError } from './transaction/outcome.ts'
export type { Transaction } from './transaction/transaction.ts'
export { isUuid, randomUuid, uuidFor } from './transaction/uuid.ts'
export {
  type Clause,
  type ConditionFunction,
  type Database,
  type DatabaseOptions,
  type DatabaseStats,
  element,
  type IndexPart,
  type MetricSample,
  mapKey,
  type TableOptions,
  type TableReplica,
  type TablesOptions,
  type TransactionOptions,
  type TransactOptions,
} from './types.ts'
export type { Batch, ColumnDelta, RowUpdate, TableChanges, WatchFilter } from './watch/types.ts'
