import { join } from 'node:path'
import { withLock } from '../state/lock.ts'
import type { Progress } from '../state/progress.ts'
import { buildSet } from './build.ts'
import { cacheFolder, type Found, findSet, onPath, toolsCache } from './find.ts'
import { findGo } from './go.ts'
import { folderOf, programsOf, type ToolSet, toolSets, usualSets } from './sets.ts'

/** Paths of programs by name. */
export interface Tools {
  /** Throws naming the set that a program belongs to when it was not asked for. */
  path(program: string): string
  /** Every folder that holds one of them, for PATH. */
  readonly folders: readonly string[]
  readonly all: Found
}

/** A whole night is enough for any build; two builds at once would only make both slower. */
const buildLock = 4 * 3600_000

/** Finds the tools of the named sets (default: the usual ones), builds what is nowhere. Can be run again and by several at once. */
export async function ensureTools(
  progress: Progress,
  names: readonly string[] = usualSets.map(set => set.name),
): Promise<Tools> {
  const all = new Map<string, string>()
  const wanted = toolSets.filter(set => names.includes(set.name))
  for (const [i, set] of wanted.entries()) {
    const found = (await findSet(set)) ?? (await build(set, `${i + 1} of ${wanted.length}`, progress))
    for (const [program, path] of found) all.set(program, path)
  }
  const etcd = onPath('etcd')
  if (etcd !== undefined) all.set('etcd', etcd)
  return toolsOf(all)
}

async function build(set: ToolSet, which: string, progress: Progress): Promise<Found> {
  return withLock('tools', buildLock, async () => {
    // Another process may have built it while this one waited.
    const meanwhile = await findSet(set)
    if (meanwhile !== undefined) return meanwhile
    const folder = join(toolsCache(), folderOf(set))
    progress.note(
      `${set.name} ${set.version} (set ${which}): building ${programsOf(set).join(', ')}, about ${set.about} on 2 cores`,
    )
    const go = await findGo(cacheFolder(), progress.note)
    await buildSet(set, go, folder, progress)
    const built = await findSet(set)
    if (built === undefined)
      throw new Error(`${set.name} was built into ${folder}, but not all of ${programsOf(set).join(', ')} are there`)
    return built
  })
}

function toolsOf(all: Found): Tools {
  return {
    all,
    folders: [...new Set([...all.values()].map(path => path.slice(0, path.lastIndexOf('/'))))],
    path(program) {
      const path = all.get(program)
      if (path !== undefined) return path
      if (program === 'etcd') throw new Error('etcd is not on PATH: apt-get install etcd-server')
      throw new Error(`${program} is not among the tools that were asked for`)
    },
  }
}
