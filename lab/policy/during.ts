import { beginning, type Change } from '@ovnkit/cni-policy/testing'
import type { Lab } from '../lab.ts'
import { Stage } from './stage.ts'
import { type Course, faultsOf, titleOf, type Watched, watchChange } from './transition.ts'

/** Makes changes one after another while connections of every course are asked for; tells of each. */
export async function walkDuring(
  lab: Lab,
  changes: readonly Change[],
  tell: (line: string) => void,
): Promise<{ readonly watched: readonly Watched[]; readonly faults: number }> {
  const clusterPolicies = changes.some(({ kind }) => kind === 'cluster policy')
  await using stage = await Stage.open(lab, beginning, { clusterPolicies })
  const all: Watched[] = []
  let faults = 0
  for (const [i, change] of changes.entries()) {
    // A pod that comes has no address before; what it may do from its first moment on is asked elsewhere.
    if (change.kind === 'pod comes or goes') continue
    const watched = await watchChange(stage, change)
    tell(`${i + 1} ${titleOf(change)}: ${lineOf(watched)}`)
    for (const fault of faultsOf(watched)) tell(`  ${faultLine(fault)}`)
    faults += faultsOf(watched).length
    all.push(...watched)
  }
  for (const line of times(lab, all)) tell(line)
  return { watched: all, faults }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

function lineOf(watched: readonly Watched[]): string {
  const of = (course: Course) => watched.filter(one => one.course === course)
  const attempts = (some: readonly Watched[]) => sum(some.map(one => one.attempts))
  const [open, shut] = [of('stays open'), of('stays shut')]
  return [
    `open ${sum(open.map(({ lost }) => lost))} of ${attempts(open)} lost`,
    `repeated ${sum(open.map(({ repeated }) => repeated.before))} before and ${sum(open.map(({ repeated }) => repeated.after))} after`,
    `shut ${sum(shut.map(({ leaked }) => leaked))} of ${attempts(shut)} answered`,
    ...(['opens', 'shuts'] as const).map(course => `${of(course).length} ${course} ${span(of(course))}`),
  ].join(', ')
}

const turned = (watched: readonly Watched[]) =>
  watched.flatMap(({ turnedAfter }) => turnedAfter ?? []).sort((a, b) => a - b)

function span(watched: readonly Watched[]): string {
  const ms = turned(watched)
  return ms.length === 0 ? '' : `after ${ms[0]}..${ms.at(-1)} ms`
}

const faultLine = ({ probe, course, attempts, lost, leaked, repeated }: Watched) =>
  `${probe.from} -> ${probe.to} (${probe.address}) ${probe.protocol} ${probe.port}, ${course}: of ${attempts} ${lost} lost, ${repeated.after} repeated, ${leaked} answered`

/** Times between old and new, for each node whose pods are asked. */
function times(lab: Lab, watched: readonly Watched[]): string[] {
  return lab.nodes.flatMap(node =>
    (['opens', 'shuts'] as const).map(course => {
      const own = watched.filter(one => one.course === course && one.node === node)
      const ms = turned(own)
      const at = (part: number) => ms[Math.min(ms.length - 1, Math.floor(ms.length * part))] ?? 0
      return `${node} ${course}: ${ms.length} connections, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${ms.at(-1) ?? 0} ms after the write`
    }),
  )
}
