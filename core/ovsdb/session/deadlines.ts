const DEFAULT = 30_000

/**
 * Milliseconds until a call fails, by method. Monitor requests have none here: their replies may take minutes on a loaded
 * server, and the connection watches that bytes keep coming instead.
 */
const BY_METHOD: Readonly<Record<string, number>> = {
  monitor: 0,
  monitor_cond: 0,
  monitor_cond_since: 0,
  monitor_cond_change: 0,
  // A lock is granted at once or queued at once; waiting for it is done by notification.
  lock: DEFAULT,
  // A whole database is rewritten.
  convert: 600_000,
  // Schemas are small, but the server may be busy writing dumps to other clients.
  get_schema: 120_000,
  list_dbs: 120_000,
  set_db_change_aware: 120_000,
}

/** The deadline of a call of that method if the caller names none; 0 = none. */
export function deadlineOf(method: string): number {
  return BY_METHOD[method] ?? DEFAULT
}
