import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ClusterPolicy, NetworkPolicy } from '@ovnkit/cni-policy/reference'
import { type Change, changes, type Kinds } from '@ovnkit/cni-policy/testing'
import fc from 'fast-check'
import { parse } from 'yaml'
import { z } from 'zod'

/** A way of changes from the beginning; what it leads through is asked after each of them, each so many of them, or at its end alone. */
export interface Way {
  readonly title: string
  readonly changes: readonly Change[]
  readonly ask: 'always' | 'at the end' | { readonly every: number }
}

/** Whether what a number of changes led to is asked. */
export function isAsked({ changes: all, ask }: Way, after: number): boolean {
  if (after === all.length || ask === 'always') return true
  return ask !== 'at the end' && after % ask.every === 0
}

/** `steps` changes that follow from a seed: the same for the same generators. */
export const generatedWay = (seed: number, steps: number, kinds: Kinds = 'network', every = 1): Way => ({
  title: `${kinds === 'network' ? '' : `--${kinds} `}--seed ${seed}`,
  changes: steps === 0 ? [] : fc.sample(changes[kinds], { seed, numRuns: steps }),
  ask: { every },
})

/** Whether a way needs the definitions of policies of the cluster. */
export const hasClusterPolicies = ({ changes: all }: Way): boolean => all.some(({ kind }) => kind === 'cluster policy')

const labels = z.record(z.string(), z.string())
const policy = z.custom<NetworkPolicy>(
  value => z.object({ metadata: z.object({ name: z.string() }) }).safeParse(value).success,
)
const clusterPolicy = z.custom<ClusterPolicy>(
  value =>
    z
      .object({
        kind: z.enum(['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy']),
        metadata: z.object({ name: z.string() }),
      })
      .safeParse(value).success,
)
const change: z.ZodType<Change> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('namespace labelled'), namespace: z.string(), labels }),
  z.strictObject({ kind: z.literal('pod labelled'), pod: z.string(), labels }),
  z.strictObject({ kind: z.literal('pod comes or goes'), pod: z.string(), labels }),
  z.strictObject({ kind: z.literal('policy'), policy }),
  z.strictObject({ kind: z.literal('policy removed'), policy: z.string() }),
  z.strictObject({ kind: z.literal('node labelled'), node: z.string(), labels }),
  z.strictObject({ kind: z.literal('cluster policy'), policy: clusterPolicy }),
  z.strictObject({ kind: z.literal('cluster policy removed'), policy: z.string() }),
])
const way = z.strictObject({ ask: z.enum(['always', 'at the end']), changes: z.array(change) })

const folder = new URL('ways', import.meta.url).pathname

/** A way of a file: a path, or a name of the folder `ways`. Throws naming the file when it can't be understood. */
export function readWay(name: string): Way {
  const file = name.includes('/') ? name : join(folder, `${name}.yaml`)
  const read = way.safeParse(parse(readFileSync(file, 'utf8')))
  if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`)
  return { title: basename(file, '.yaml'), ...read.data }
}

/** Those that are kept: what the documents show, and what was wrong once. */
export const keptWays = (): Way[] =>
  readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .sort()
    .map(file => readWay(basename(file, '.yaml')))
