import type { Blocked, CommitResult, Desired, OwnerKey, TargetBatch } from '@ovnkit/reconcile'
import { DesiredAnnotations, DesiredFinalizer, DesiredObject, DesiredStatus } from './desired.ts'
import type { Plan, PlanContext, Write } from './plan.ts'
import { planAnnotations, planAnnotationsRemoval } from './plan-annotations.ts'
import { planFinalizer, planFinalizerRemoval } from './plan-finalizer.ts'
import { planObject, planObjectRemoval } from './plan-object.ts'
import { planStatus } from './plan-status.ts'

/** The API calls of one owner. */
export class KubeBatch implements TargetBatch {
  readonly #context: PlanContext
  readonly #send: (write: Write, signal: AbortSignal) => Promise<CommitResult>
  readonly #writes: Write[] = []

  constructor(context: PlanContext, send: (write: Write, signal: AbortSignal) => Promise<CommitResult>) {
    this.#context = context
    this.#send = send
  }

  get operations(): number {
    return this.#writes.length
  }

  add(owner: OwnerKey, desired: readonly Desired[], removed: readonly Desired[]): Blocked | undefined {
    const plans = [
      ...removed.map(object => planRemoval(this.#context, object)),
      ...desired.map(object => planDesired(this.#context, object, owner)),
    ]
    let obstacle: Blocked | undefined
    for (const plan of plans) {
      if (plan === undefined) continue
      if ('write' in plan) this.#writes.push(plan.write)
      else obstacle = sooner(obstacle, plan.blocked)
    }
    return obstacle
  }

  /** Calls at the same time: they are about different objects, or different parts of one. */
  async commit(signal: AbortSignal): Promise<CommitResult> {
    const results = await Promise.all(this.#writes.map(write => this.#send(write, signal)))
    const worst = (status: CommitResult['status']) => results.find(result => result.status === status)
    return worst('rejected') ?? worst('unknown') ?? worst('unavailable') ?? { status: 'committed' }
  }
}

function planDesired(context: PlanContext, desired: Desired, owner: OwnerKey): Plan {
  if (desired instanceof DesiredAnnotations) return planAnnotations(context, desired)
  if (desired instanceof DesiredStatus) return planStatus(context, desired)
  if (desired instanceof DesiredObject) return planObject(context, desired, owner)
  if (desired instanceof DesiredFinalizer) return planFinalizer(context, desired)
  throw unknownKind(desired)
}

function planRemoval(context: PlanContext, desired: Desired): Plan {
  if (desired instanceof DesiredAnnotations) return planAnnotationsRemoval(context, desired)
  if (desired instanceof DesiredStatus) return undefined
  if (desired instanceof DesiredObject) return planObjectRemoval(context, desired)
  if (desired instanceof DesiredFinalizer) return planFinalizerRemoval(context, desired)
  throw unknownKind(desired)
}

function unknownKind({ key }: Desired): TypeError {
  return new TypeError(`${key} was not made by kubeDesires(): only those can be given to a KubeTarget`)
}

function sooner(a: Blocked | undefined, b: Blocked): Blocked {
  if (a === undefined) return b
  return (b.retryAfter ?? Infinity) < (a.retryAfter ?? Infinity) ? b : a
}
