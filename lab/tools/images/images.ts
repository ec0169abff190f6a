import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../../state/lock.ts'
import type { Progress } from '../../state/progress.ts'
import type { Tools } from '../ensure.ts'
import { cacheFolder } from '../find.ts'
import { writeArchive } from './archive.ts'
import { conformanceRecipes, policyRecipes, type Recipe, usualRecipes } from './recipes.ts'

export interface Image {
  readonly name: string
  readonly archive: string
}

/** `conformance` has what Kubernetes' suite asks for as well, whose programs come from the tools `e2e`; `policies` that of the network policy API. */
export type ImageSet = 'usual' | 'conformance' | 'policies'

const recipesOf = { usual: usualRecipes, conformance: conformanceRecipes, policies: policyRecipes }
const sources = ['pause.c', 'archive.ts', 'certificate.ts', 'rootfs.ts', 'recipes.ts'].map(
  name => new URL(name, import.meta.url).pathname,
)

/** Image archives in the cache, made where they are missing; a folder per recipe and tools, so that a change of either makes new ones. */
export async function ensureImages(tools: Tools, progress: Progress, set: ImageSet = 'usual'): Promise<Image[]> {
  const recipes = recipesOf[set]
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
  for (const tool of new Set(usualRecipes.flatMap(recipe => recipe.tools))) {
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
  const age = (name: string) => statSync(join(parent, name)).mtimeMs
  const names = readdirSync(parent).filter(name => join(parent, name) !== folder)
  for (const name of names.toSorted((a, b) => age(b) - age(a)).slice(2))
    rmSync(join(parent, name), { recursive: true, force: true })
}
