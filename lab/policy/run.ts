import { beginning, changed } from '@ovnkit/cni-policy/testing'
import type { Lab } from '../lab.ts'
import { type Checked, check } from './check.ts'
import { Stage } from './stage.ts'
import { traceOf } from './trace.ts'
import { hasClusterPolicies, isAsked, type Way } from './ways.ts'

/** A state that was asked. */
export interface Step {
  readonly way: Way
  /** Number of changes so far. */
  readonly after: number
  readonly checked: Checked
  /** What OVN makes of the first connection that is wrong. */
  readonly trace: readonly string[]
}

/** Leads a lab through ways, each from the beginning, and tells of each state that was asked. Ends a way at its first disagreement. */
export async function walk(lab: Lab, ways: readonly Way[], tell: (step: Step) => void): Promise<Step[]> {
  await using stage = await Stage.open(lab, beginning, { clusterPolicies: ways.some(hasClusterPolicies) })
  const steps: Step[] = []
  const look = async (way: Way, after: number) => {
    const checked = await check(stage)
    const [first] = checked.wrong
    const step = { way, after, checked, trace: first === undefined ? [] : await traceOf(lab, first.probe) }
    steps.push(step)
    tell(step)
    return checked.wrong.length === 0 && checked.untold.length === 0
  }
  for (const way of ways) {
    await stage.become(beginning)
    if (way.changes.length === 0) await look(way, 0)
    for (const [i, change] of way.changes.entries()) {
      await stage.become(changed(stage.situation, change))
      if (isAsked(way, i + 1) && !(await look(way, i + 1))) break
    }
  }
  return steps
}
