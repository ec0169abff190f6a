import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** One benchmark of `make bench`: a script of this folder. */
export interface Run {
  /** `<room>`, or `<room>/<script>` where a room has several. */
  readonly name: string
  readonly script: string
  /** Arguments of a whole run. */
  readonly whole: readonly string[]
  /** Arguments of a short one, which shows that it works and measures nothing; undefined: there is none. */
  readonly quick: readonly string[] | undefined
  /** It is ended after so many minutes. About three times what it takes on a quiet machine. */
  readonly minutes: number
}

const run = (name: string, minutes: number, quick: readonly string[] | undefined, rest: Partial<Run> = {}): Run => ({
  name,
  script: `${name}.ts`,
  whole: [],
  quick,
  minutes,
  ...rest,
})

const room = (name: string, minutes: number, quick: readonly string[] | undefined): Run =>
  run(name, minutes, quick, { script: `${name}/main.ts` })

/** What costs nobody's nerves first, whole clusters last. */
const known: readonly Run[] = [
  room('inet', 5, []),
  room('reconcile', 10, []),
  room('linux', 10, []),
  room('cni-plugin', 10, ['--rounds', '3']),
  room('ovsdb', 30, ['--rounds', '1']),
  run('kube/patch', 10, ['100', '1']),
  run('kube/watch-decode', 10, ['200', '1']),
  run('kube/mirror-memory', 15, ['200', '1']),
  run('controller/pods', 30, ['--pods', '30', '--single', '5', '--rounds', '1']),
  run('controller/restart', 20, ['--pods', '100']),
  room('services', 20, ['--services', '20', '--changes', '5']),
  room('policies', 30, ['--policies', '20', '--namespaces', '5', '--changes', '2']),
  run('policies/enforcement', 60, ['--policies', '20', '--namespaces', '5', '--runs', '3']),
  run('services/packets', 30, ['--services', '20', '--runs', '5']),
  room('cni-add', 45, ['--pods', '5', '--blocks', '1']),
]

/** Those of the list, and rooms with a `main.ts` that are not in it yet. */
export function allRuns(folder: string): readonly Run[] {
  const rooms = new Set(known.map(({ name }) => name.split('/')[0]))
  const others = readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(folder, entry.name, 'main.ts')) && !rooms.has(entry.name))
    .map(({ name }) => room(name, 30, undefined))
  return [...known, ...others]
}

/** The runs of these names, or of the rooms of these names; all when there are none. Throws for a name that is neither. */
export function chosenRuns(all: readonly Run[], names: readonly string[]): readonly Run[] {
  const belongs = (each: Run, name: string) => each.name === name || each.name.startsWith(`${name}/`)
  const unknown = names.filter(name => !all.some(each => belongs(each, name)))
  if (unknown.length > 0)
    throw new Error(`expected some of ${all.map(({ name }) => name).join(', ')}; got ${unknown.join(' ')}`)
  return names.length === 0 ? all : all.filter(each => names.some(name => belongs(each, name)))
}
