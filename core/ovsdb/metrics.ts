import type { DatabaseStats, MetricSample } from './types.ts'

type Spec = readonly [name: string, type: MetricSample['type'], help: string, value: number | undefined]

/** The series of one database for a metrics endpoint, labelled with its name. */
export function databaseMetrics(database: string, stats: DatabaseStats, connected: boolean): MetricSample[] {
  const specs: readonly Spec[] = [
    ['ovsdb_connected', 'gauge', 'Whether the replica follows the server.', connected ? 1 : 0],
    ['ovsdb_rows', 'gauge', 'Rows in the replica.', stats.rows],
    ['ovsdb_batches_total', 'counter', 'Consistent steps that changed the replica.', stats.batches],
    ['ovsdb_received_bytes_total', 'counter', 'Bytes received.', stats.bytesReceived],
    ['ovsdb_sent_bytes_total', 'counter', 'Bytes sent.', stats.bytesSent],
    ['ovsdb_received_messages_total', 'counter', 'Messages received.', stats.messagesReceived],
    ['ovsdb_received_rows_total', 'counter', 'Rows received in table updates.', stats.rowsReceived],
    ['ovsdb_connects_total', 'counter', 'Connections made.', stats.connects],
    ['ovsdb_disconnects_total', 'counter', 'Connections lost.', stats.disconnects],
    ['ovsdb_inconsistent_total', 'counter', 'Updates that did not fit the replica.', stats.inconsistent],
    ['ovsdb_probe_seconds', 'gauge', 'Round trip of the last probe.', stats.probeRtt && stats.probeRtt / 1000],
  ]
  const labels = { database }
  const plain = specs.map(([name, type, help, value]) => ({ name, type, help, labels, value: value ?? 0 }))
  return [...plain, ...syncs(database, stats), ...transactions(database, stats)]
}

function syncs(database: string, stats: DatabaseStats): MetricSample[] {
  const help = 'Initial monitor replies: first, whole content again, continued.'
  return (['first', 'resync', 'resume'] as const).map(kind => {
    return { name: 'ovsdb_syncs_total', type: 'counter', help, labels: { database, kind }, value: stats[kind] }
  })
}

function transactions(database: string, { outcomes }: DatabaseStats): MetricSample[] {
  const help = 'Transactions by outcome.'
  return Object.entries(outcomes).map(([outcome, value]) => {
    return { name: 'ovsdb_transactions_total', type: 'counter', help, labels: { database, outcome }, value }
  })
}
