import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'
import { onPath } from './find.ts'
import type { GoToolchain } from './go.ts'
import { programOf, type ToolSet, testProgramOf } from './sets.ts'

const moduleOf = (set: ToolSet) => new URL(`modules/${set.module ?? set.name}`, import.meta.url).pathname

/**
 * Builds a set into `folder`, all of it or nothing: into a folder beside it that is renamed at the end.
 * Run again after an interruption, Go's own build cache makes the finished part cheap.
 * Throws naming what is missing on this machine.
 */
export async function buildSet(set: ToolSet, go: GoToolchain, folder: string, progress: Progress): Promise<void> {
  requireCompiler(set)
  mkdirSync(dirname(folder), { recursive: true })
  removeLeftOvers(folder)
  const work = mkdtempSync(`${folder}.new-`)
  try {
    const module = join(work, 'module')
    const out = join(work, 'out')
    cpSync(moduleOf(set), module, { recursive: true })
    mkdirSync(out)
    const targets = targetsOf(set)
    for (const [i, target] of targets.entries()) {
      const what = `build ${target.program} ${set.version} (${i + 1} of ${targets.length})`
      await progress.long(what, () => buildTarget({ set, go, target, module, out }))
    }
    await takeFiles(set, go, module, out)
    install(out, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

interface Target {
  readonly program: string
  readonly package: string
  /** Words of `go` that build it. */
  readonly verb: readonly string[]
}

const targetsOf = ({ commands, tests = [] }: ToolSet): Target[] => [
  ...commands.map(name => ({ program: programOf(name), package: name, verb: ['build'] })),
  ...tests.map(name => ({ program: testProgramOf(name), package: name, verb: ['test', '-c'] })),
]

interface BuildJob {
  readonly set: ToolSet
  readonly go: GoToolchain
  readonly target: Target
  readonly module: string
  readonly out: string
}

async function buildTarget({ set, go, target, module, out }: BuildJob): Promise<void> {
  const variables = Object.entries(set.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`)
  const tags = set.tags === undefined ? [] : ['-tags', set.tags.join(',')]
  const flags = ['-mod=readonly', '-trimpath', '-ldflags', ['-s', '-w', ...variables].join(' '), ...tags]
  const env = { GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: set.cgo === true ? '1' : '0' }
  try {
    await run([go.program, ...target.verb, ...flags, '-o', join(out, target.program), target.package], {
      cwd: module,
      env,
    })
  } catch (error) {
    const ways =
      'check that GOPROXY can be reached (go env GOPROXY), or set OVNKIT_TOOLS to a folder that has the programs'
    throw new Error(`${target.program} ${set.version} could not be built with Go ${go.version}: ${ways}`, {
      cause: error,
    })
  }
}

async function takeFiles({ files }: ToolSet, go: GoToolchain, cwd: string, out: string): Promise<void> {
  if (files === undefined) return
  const root = await run([go.program, 'list', '-m', '-f', '{{.Dir}}', files.module], { cwd })
  for (const path of files.paths) copyFileSync(join(root.trim(), path), join(out, basename(path)))
}

function requireCompiler(set: ToolSet): void {
  if (set.cgo !== true) return
  const missing = [
    ...(onPath('gcc') === undefined ? ['gcc libc6-dev'] : []),
    ...(existsSync('/usr/include/seccomp.h') ? [] : ['libseccomp-dev pkg-config']),
  ]
  if (missing.length > 0)
    throw new Error(`${set.name} needs a C compiler and libseccomp: apt-get install ${missing.join(' ')}`)
}

/** What an interrupted build left; another build that runs now loses, and says so itself. */
function removeLeftOvers(folder: string): void {
  const parent = dirname(folder)
  const prefix = `${folder.slice(parent.length + 1)}.new-`
  for (const name of readdirSync(parent))
    if (name.startsWith(prefix)) rmSync(join(parent, name), { recursive: true, force: true })
}

function install(from: string, folder: string): void {
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
  renameSync(from, folder)
}
