import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../../state/run.ts'

export interface ImageRecipe {
  /** Full reference, as pods name it. */
  readonly name: string
  readonly entrypoint: readonly string[]
  readonly command?: readonly string[]
}

/**
 * Writes the folder `root` as an image of one layer in the format of `docker save` (Docker Image Specification v1.2): layer tar,
 * configuration, manifest. `ctr image import` takes it as it is.
 */
export async function writeArchive(recipe: ImageRecipe, root: string, archive: string): Promise<void> {
  mkdirSync(dirname(archive), { recursive: true })
  const work = mkdtempSync(`${archive}.new-`)
  try {
    // Same content, same bytes: no times, no owners of this machine.
    const stable = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
    await run(['tar', '-C', root, ...stable, '-cf', join(work, 'layer.tar'), '.'])
    const config = JSON.stringify(configuration(recipe, await sha256(join(work, 'layer.tar'))))
    const configFile = `${createHash('sha256').update(config).digest('hex')}.json`
    writeFileSync(join(work, configFile), config)
    writeFileSync(
      join(work, 'manifest.json'),
      JSON.stringify([{ Config: configFile, RepoTags: [recipe.name], Layers: ['layer.tar'] }]),
    )
    await run(['tar', '-C', work, '-cf', join(work, 'image.tar'), 'manifest.json', configFile, 'layer.tar'])
    renameSync(join(work, 'image.tar'), archive)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

const configuration = ({ entrypoint, command }: ImageRecipe, layer: string) => ({
  architecture: architectures[process.arch] ?? process.arch,
  os: 'linux',
  config: {
    Entrypoint: entrypoint,
    ...(command === undefined ? {} : { Cmd: command }),
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  },
  rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
})

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}
