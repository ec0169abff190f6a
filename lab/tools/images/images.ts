import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../../state/lock.ts'
import type { Progress } from '../../state/progress.ts'
import { run } from '../../state/run.ts'
import type { Tools } from '../ensure.ts'
import { cacheFolder, onPath } from '../find.ts'
import { type ImageRecipe, writeArchive } from './archive.ts'
import { copyInto, copyProgram, installBusybox, skeleton } from './rootfs.ts'

export interface Image {
  readonly name: string
  readonly archive: string
}

interface Recipe extends ImageRecipe {
  readonly file: string
  /** Programs of the tools that are inside: a new version of one makes a new image. */
  readonly tools: readonly string[]
  fill(root: string, tools: Tools): Promise<void>
}

export const sandboxImage = 'registry.k8s.io/pause:3.10.1'
export const agnhostImage = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0'
export const corednsImage = 'registry.k8s.io/coredns/coredns:v1.15.0'

const recipes: readonly Recipe[] = [
  {
    name: sandboxImage,
    file: 'pause',
    entrypoint: ['/pause'],
    tools: [],
    fill: async root => compilePause(join(root, 'pause')),
  },
  {
    // The e2e tests call these programs inside agnhost's image.
    name: agnhostImage,
    file: 'agnhost',
    entrypoint: ['/agnhost'],
    command: ['pause'],
    tools: ['agnhost'],
    async fill(root, tools) {
      skeleton(root)
      copyInto(root, tools.path('agnhost'), '/agnhost')
      await installBusybox(root)
      for (const program of ['curl', 'dig']) await copyProgram(root, program)
      writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n')
    },
  },
  {
    name: corednsImage,
    file: 'coredns',
    entrypoint: ['/coredns'],
    tools: ['coredns'],
    async fill(root, tools) {
      skeleton(root)
      copyInto(root, tools.path('coredns'), '/coredns')
    },
  },
]

const sources = ['pause.c', 'archive.ts', 'rootfs.ts', 'images.ts'].map(name => new URL(name, import.meta.url).pathname)

/** Image archives in the cache, made where they are missing; a folder per recipe and tools, so that a change of either makes new ones. */
export async function ensureImages(tools: Tools, progress: Progress): Promise<Image[]> {
  const folder = join(cacheFolder(), 'images', versionOf(tools))
  await withLock('images', 600_000, async () => {
    for (const recipe of recipes) {
      const archive = join(folder, `${recipe.file}.tar`)
      if (!existsSync(archive)) await progress.step(`image ${recipe.name}`, () => make(recipe, tools, archive))
    }
    dropOlder(folder)
  })
  return recipes.map(({ name, file }) => ({ name, archive: join(folder, `${file}.tar`) }))
}

function versionOf(tools: Tools): string {
  const hash = createHash('sha256')
  for (const source of sources) hash.update(readFileSync(source))
  for (const tool of recipes.flatMap(recipe => recipe.tools)) {
    const path = tools.path(tool)
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path} ${size} ${mtimeMs}`)
  }
  return hash.digest('hex').slice(0, 12)
}

async function make(recipe: Recipe, tools: Tools, archive: string): Promise<void> {
  mkdirSync(join(archive, '..'), { recursive: true })
  const root = mkdtempSync(`${archive}.root-`)
  try {
    await recipe.fill(root, tools)
    await writeArchive(recipe, root, archive)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Archives are a good 100 MB: only the newest few versions stay (another tree may use another one now). */
function dropOlder(folder: string): void {
  const parent = join(folder, '..')
  const names = readdirSync(parent).filter(name => join(parent, name) !== folder)
  for (const name of names.slice(2)) rmSync(join(parent, name), { recursive: true, force: true })
}

/** The static `pause` program in the cache: init of a lab machine as well as of a sandbox. */
export async function ensurePause(): Promise<string> {
  const source = readFileSync(new URL('pause.c', import.meta.url))
  const program = join(cacheFolder(), 'pause', createHash('sha256').update(source).digest('hex').slice(0, 12), 'pause')
  if (existsSync(program)) return program
  return withLock('pause', 60_000, async () => {
    if (!existsSync(program)) await compilePause(program)
    return program
  })
}

async function compilePause(program: string): Promise<void> {
  if (onPath('gcc') === undefined) throw new Error('no C compiler for the pause program: apt-get install gcc libc6-dev')
  mkdirSync(join(program, '..'), { recursive: true })
  const source = new URL('pause.c', import.meta.url).pathname
  await run(['gcc', '-static', '-Os', '-s', '-Wall', '-o', `${program}.new`, source])
  await run(['mv', `${program}.new`, program])
}
