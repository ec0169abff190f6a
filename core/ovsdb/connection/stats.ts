import type { ConnectionStats } from './types.ts'

/** Counters before anything happened. */
export function noStats(): ConnectionStats {
  return {
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    rowsReceived: 0,
    connects: 0,
    disconnects: 0,
    first: 0,
    resync: 0,
    resume: 0,
    inconsistent: 0,
    probeRtt: undefined,
  }
}
