import type { Held, OwnerKey, Target, TargetBatch, TargetLimits, TargetSink } from '../target.ts'
import { ForeignRows } from './foreign-rows.ts'
import { HeldObjects, type UnmarkedRows } from './held.ts'
import { OvsdbBatch } from './ovsdb-batch.ts'
import type { Ownership } from './ownership.ts'
import type { Reference, Replica, RowChange } from './replica.ts'

export interface OvsdbTargetOptions {
  readonly name: string
  readonly replica: Replica
  readonly ownership: Ownership
  /**
   * Sets and maps in rows of ours that are nothing but the elements that owners contribute (the ports of a port group):
   * what no owner wants is removed from them, also after a restart. Such a column is not rendered with its row, and its elements
   * name the row by `key`.
   */
  readonly contributed?: readonly Reference[]
  /** Rows of tables without `external_ids`, and how they are known to be ours. */
  readonly unmarked?: readonly UnmarkedRows[]
  /**
   * Sets in rows of others, found by index `byName`, in which nobody but us puts rows of ours (our balancers on a switch): what no owner wants is
   * removed from them, also after a restart.
   */
  readonly placed?: readonly Reference[]
  /** Further elements in rows of others that an earlier life has put there, by a record of whoever makes the target. */
  readonly recalled?: readonly Held[]
  readonly limits?: Partial<TargetLimits>
}

/** One transaction on its way, the next one gathers; so many owners in one that it takes some milliseconds to encode. */
const LIMITS: TargetLimits = { inFlight: 1, owners: 500 }

/**
 * Rows and elements of an OVSDB database.
 *
 * - A row of ours has a UUID made of its key, and names its owner in `external_ids`. Only rendered columns are compared:
 *   scalars as a whole, sets and maps by element.
 * - In rows of others, elements are added and removed, and nothing else is touched.
 * - The owners of a batch are one transaction. A lost answer is no problem: UUIDs are our own, so that comparing with the
 *   replica and sending again can do no harm.
 */
export class OvsdbTarget implements Target {
  readonly name: string
  readonly limits: TargetLimits
  readonly #replica: Replica
  readonly #ownership: Ownership
  readonly #held: HeldObjects
  readonly #foreign: ForeignRows

  constructor(options: OvsdbTargetOptions) {
    this.name = options.name
    this.limits = { ...LIMITS, ...options.limits }
    this.#replica = options.replica
    this.#ownership = options.ownership
    const { contributed = [], unmarked = [], placed = [], recalled = [] } = options
    this.#held = new HeldObjects({ ...options, contributed, unmarked, placed, recalled })
    this.#foreign = new ForeignRows(options.replica)
  }

  get ready(): boolean {
    return this.#replica.ready
  }

  attach(sink: TargetSink): Disposable {
    return this.#replica.subscribe({
      changed: change => this.#changed(change, sink),
      ready: () => sink.ready(),
      resync: () => sink.resync(),
    })
  }

  begin(): TargetBatch {
    return new OvsdbBatch({ replica: this.#replica, ownership: this.#ownership, foreign: this.#foreign })
  }

  held(): Iterable<Held> {
    return this.#held.all()
  }

  holder(key: string): OwnerKey | undefined {
    for (const table of this.#replica.tables()) {
      const row = this.#replica.table(table).get(key)
      if (row) return this.#held.isMarked(table) ? this.#held.owner(row) : undefined
    }
    return undefined
  }

  /** Also told of what the target itself did: comparing once more afterwards is cheaper than telling echoes from drift. */
  #changed(change: RowChange, sink: TargetSink): void {
    if (this.#held.isMarked(change.table) && (this.#held.owner(change.row) ?? this.#held.owner(change.old)))
      sink.changed(change.uuid)
    for (const key of this.#foreign.concernedBy(change)) sink.changed(key)
  }
}
