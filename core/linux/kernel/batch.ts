import { release } from 'node:os'
import type { Blocked, CommitResult, Desired, OwnerKey, TargetBatch } from '@ovnkit/reconcile'
import { LinuxError } from '../errors.ts'
import { isKernelObject, KernelLink, type KernelObject } from './desired.ts'
import { differenceOf, removalOf, type Situation } from './differences.ts'
import { type Context, type Operation, phases } from './operations.ts'

const aliasPrefix = 'ovnkit owner='
/** The owner that a created link names. */
export const ownerInAlias = (alias: string): OwnerKey | undefined =>
  alias.startsWith(aliasPrefix) ? alias.slice(aliasPrefix.length) : undefined
const maxAlias = 255

/** One owner's changes on their way into the kernel. */
export class KernelBatch implements TargetBatch {
  readonly #context: Context
  readonly #remember: (object: KernelObject, wanted: boolean) => void
  readonly #operations: Operation[] = []
  readonly #coming = new Set<string>()

  constructor(context: Context, remember: (object: KernelObject, wanted: boolean) => void) {
    this.#context = context
    this.#remember = remember
  }

  /** Changes planned so far. */
  get operations(): number {
    return this.#operations.length
  }

  add(owner: OwnerKey, desired: readonly Desired[], removed: readonly Desired[]): Blocked | undefined {
    const situation: Situation = {
      ...this.#context,
      marksAddresses: kernelMarksAddresses,
      coming: this.#coming,
      alias: `${aliasPrefix}${owner}`.slice(0, maxAlias),
    }
    for (const object of removed.filter(isKernelObject)) {
      this.#remember(object, false)
      const removal = removalOf(object, situation)
      if (removal) this.#operations.push(removal)
    }
    const blocked = linksFirst(desired.filter(isKernelObject)).flatMap(object => this.#want(object, situation))
    return blocked.length > 0 ? { message: [...new Set(blocked)].join('; ') } : undefined
  }

  #want(object: KernelObject, situation: Situation): string[] {
    this.#remember(object, true)
    const difference = differenceOf(object, situation)
    if ('blocked' in difference) return [difference.blocked]
    this.#operations.push(...difference)
    if (object instanceof KernelLink && difference.length > 0 && (object.spec.create || object.spec.up))
      this.#coming.add(object.spec.name)
    return []
  }

  async commit(signal: AbortSignal): Promise<CommitResult> {
    for (const phase of phases) {
      if (signal.aborted) return { status: 'unavailable', message: 'stopped' }
      const operations = this.#operations.filter(operation => operation.phase === phase)
      const outcomes = await Promise.allSettled(operations.map(operation => operation.run(this.#context)))
      this.#context.mirror.drain()
      const failed = outcomes.find(outcome => outcome.status === 'rejected')
      if (failed) return failure(failed.reason)
    }
    return { status: 'committed' }
  }
}

const linksFirst = (objects: readonly KernelObject[]): KernelObject[] => [
  ...objects.filter(object => object instanceof KernelLink),
  ...objects.filter(object => !(object instanceof KernelLink)),
]

/** Not the content's fault: no privilege, no memory, or the socket was closed. */
const environmental = new Set(['EPERM', 'ENOMEM', 'ENOBUFS', 'EBADF', 'EAGAIN', 'EINTR'])

function failure(reason: unknown): CommitResult {
  const message = reason instanceof Error ? reason.message : String(reason)
  return {
    status: reason instanceof LinuxError && environmental.has(reason.code) ? 'unavailable' : 'rejected',
    message,
  }
}

/** IFA_PROTO is kept from Linux 5.18 on. Before it an address is taken for ours when an owner of ours gives it up. */
const kernelMarksAddresses = atLeast(release(), 5, 18)

function atLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map(part => Number.parseInt(part, 10))
  return first > major || (first === major && second >= minor)
}
