import type { Json, JsonObject } from '../wire/json.ts'

/** A row of `_Server.Database` (ovsdb-server(7)), as far as it decides about a connection. */
export interface ServerDatabase {
  readonly name: string
  readonly model: string
  /** Clustered: in touch with a majority. Relay: with its source. */
  readonly connected: boolean
  readonly leader: boolean
  /** JSON text; undefined while a clustered server hasn't joined. */
  readonly schema: string | undefined
  /** UUID of the cluster. */
  readonly cid: string | undefined
  /** Number of the last entry of the raft log that this server has. */
  readonly index: number | undefined
}

export interface Wanted {
  readonly database: string
  readonly cid: string | undefined
  readonly leaderOnly: boolean
  /** The highest raft index seen of this database: a server with less is behind and would take us back in time. */
  readonly minIndex: number
}

/** The columns of `_Server.Database` that {@link parseServerRow} reads. */
export const SERVER_COLUMNS = ['name', 'model', 'connected', 'leader', 'schema', 'cid', 'index'] as const

/** Reads a row from its columns in wire form; absent ones hold their default. */
export function parseServerRow(columns: JsonObject): ServerDatabase {
  return {
    name: text(columns.name) ?? '',
    model: text(columns.model) ?? 'standalone',
    connected: columns.connected === true,
    leader: columns.leader === true,
    schema: text(columns.schema),
    cid: Array.isArray(columns.cid) && columns.cid[0] === 'uuid' ? text(columns.cid[1]) : undefined,
    index: typeof columns.index === 'number' ? columns.index : undefined,
  }
}

/** Why a server's database is of no use now, in words for logs; undefined = use it. */
export function rejectionOf(row: ServerDatabase | undefined, wanted: Wanted): string | undefined {
  const { database, cid, leaderOnly, minIndex } = wanted
  if (row === undefined) return `the server has no database ${database}`
  if (row.model !== 'standalone' && row.schema === undefined) return 'the server has not joined its cluster yet'
  if (cid !== undefined && row.cid !== cid) return `expected cluster ${cid}, the server belongs to ${row.cid ?? 'none'}`
  if (row.model === 'clustered') {
    if (!row.connected) return 'the server is disconnected from its cluster'
    if (leaderOnly && !row.leader) return 'the server is not the leader of its cluster'
    if ((row.index ?? 0) < minIndex)
      return `the server's data is older (index ${row.index ?? 0}) than what was seen before (${minIndex})`
  }
  if (row.model === 'relay') {
    if (leaderOnly) return 'the server is a relay, which is never a leader (set leaderOnly: false)'
    if (!row.connected) return 'the relay is disconnected from its source'
  }
  return undefined
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
