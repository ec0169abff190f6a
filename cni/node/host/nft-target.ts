import { deleteTable, ensureTable, type NftObject, type NftTable } from '@ovnkit/linux'
import type { CommitResult, Desired, Held, Target, TargetBatch, TargetSink } from '@ovnkit/reconcile'
import { targets } from './objects.ts'

/** A table of nftables as a whole. */
export class DesiredTable implements Desired {
  readonly target = targets.nft
  readonly key: string
  readonly table: NftTable
  readonly objects: readonly NftObject[]

  constructor(table: NftTable, objects: readonly NftObject[]) {
    this.key = `${table.family} ${table.name}`
    this.table = table
    this.objects = objects
  }
}

type Step = () => Promise<unknown>

/** Tables of ours, replaced as a whole in one transaction and only when they differ. Changes are rare. */
export class NftTarget implements Target {
  readonly name = targets.nft
  readonly limits = { inFlight: 1, owners: 1 }
  readonly ready = true
  readonly #tables: readonly NftTable[]
  /** Text of what a table was last made from; empty for one that is known to be absent. */
  readonly #made = new Map<string, string>()

  /** @param tables every table that is ours, to be removed when nobody wants it */
  constructor(tables: readonly NftTable[]) {
    this.#tables = tables
  }

  attach(_: TargetSink): Disposable {
    return { [Symbol.dispose]: () => undefined }
  }

  begin(): TargetBatch {
    const steps: Step[] = []
    return {
      get operations() {
        return steps.length
      },
      add: (_owner, desired, removed) => {
        for (const object of removed) if (object instanceof DesiredTable) this.#plan(object, '', steps)
        for (const object of desired) {
          if (object instanceof DesiredTable) this.#plan(object, JSON.stringify(object.objects), steps)
        }
        return undefined
      },
      commit: () => commit(steps),
    }
  }

  *held(): Generator<Held> {
    for (const table of this.#tables) yield { owner: undefined, object: new DesiredTable(table, []) }
  }

  #plan({ key, table, objects }: DesiredTable, text: string, steps: Step[]): void {
    if (this.#made.get(key) === text) return
    steps.push(async () => {
      await (text === '' ? deleteTable(table) : ensureTable(table, objects))
      this.#made.set(key, text)
    })
  }
}

async function commit(steps: readonly Step[]): Promise<CommitResult> {
  try {
    for (const step of steps) await step()
    return { status: 'committed' }
  } catch (error) {
    return { status: 'rejected', message: error instanceof Error ? error.message : String(error) }
  }
}
