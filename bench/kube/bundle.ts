import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

/** Bundles a script of this folder, as what ships is: types stripped at run time would cost 15 MB. Removed at the end. */
export async function bundle(script: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'ovnkit-bench-'))
  const path = join(folder, script.replace(/\.ts$/, '.mjs'))
  await build({
    entryPoints: [join(import.meta.dirname, script)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: path,
  })
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
