import { mapPairs } from '../codec/column.ts'
import type { MutateOperation, Mutation, Operation } from './operations.ts'

/** Operations to send, and where each of the given ones went. */
export interface Joined {
  readonly operations: readonly Operation[]
  readonly places: readonly number[]
}

/** A mutate operation that later ones of the same row may join. */
interface Open {
  readonly table: string
  readonly place: number
}

/**
 * Joins element-wise mutations of one row into one operation: a thousand ports of one switch cost the server one change of
 * its set instead of a thousand copies of it. An operation moves forward only past operations on other rows.
 */
export function joinMutations(operations: readonly Operation[]): Joined {
  const sent: Operation[] = []
  const places: number[] = []
  const open = new Map<string, Open>()
  for (const operation of operations) {
    const target = isElementwise(operation) ? open.get(operation.uuid) : undefined
    if (target && isElementwise(operation) && target.table === operation.table) {
      places.push(target.place)
      sent[target.place] = append(sent[target.place], operation)
      continue
    }
    close(open, operation)
    places.push(sent.length)
    if (isElementwise(operation)) open.set(operation.uuid, { table: operation.table, place: sent.length })
    sent.push(operation)
  }
  return { operations: sent.map(combined), places }
}

function isElementwise(operation: Operation): operation is MutateOperation {
  return operation.op === 'mutate' && operation.mutations.every(({ kind }) => kind !== 'increment')
}

/** What reads or changes a row ends the joining of mutations of it; what reads a whole table, of all its rows. */
function close(open: Map<string, Open>, operation: Operation): void {
  if ('uuid' in operation && operation.uuid !== undefined) open.delete(operation.uuid)
  else if ('table' in operation) for (const [uuid, { table }] of open) if (table === operation.table) open.delete(uuid)
}

function append(first: Operation | undefined, second: MutateOperation): Operation {
  if (first?.op !== 'mutate') return second
  const mutations = first.mutations as Mutation[] & { joined?: true }
  // The first join copies the list given; later ones add to that copy.
  if (!mutations.joined)
    return { ...first, mutations: Object.assign([...mutations, ...second.mutations], { joined: true as const }) }
  mutations.push(...second.mutations)
  return first
}

/** Neighbours of the same kind on the same column become one mutation. */
function combined(operation: Operation): Operation {
  if (operation.op !== 'mutate' || operation.mutations.length < 2) return operation
  const runs: Mutation[][] = []
  for (const mutation of operation.mutations) {
    const run = runs.at(-1)
    const [head] = run ?? []
    if (run && head?.kind === mutation.kind && head.column === mutation.column && head.kind !== 'increment')
      run.push(mutation)
    else runs.push([mutation])
  }
  return { ...operation, mutations: runs.map(merge) }
}

function merge(run: readonly Mutation[]): Mutation {
  const [first] = run
  if (first === undefined) throw new Error('a run of mutations is never empty')
  if (run.length === 1) return first
  const { column } = first
  if (first.kind === 'setKeys') {
    // The last value of a key wins, as it would one after the other.
    const pairs = run.flatMap(mutation => (mutation.kind === 'setKeys' ? [...mapPairs(mutation.entries)] : []))
    return { kind: 'setKeys', column, entries: new Map(pairs as [string, unknown][]) }
  }
  if (first.kind === 'deleteKeys') {
    return { ...first, keys: run.flatMap(mutation => (mutation.kind === 'deleteKeys' ? [...mutation.keys] : [])) }
  }
  if (first.kind === 'increment') return first
  return { ...first, values: run.flatMap(mutation => ('values' in mutation ? [...mutation.values] : [])) }
}
