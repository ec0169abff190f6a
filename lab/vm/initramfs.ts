import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { run } from '../state/run.ts'
import { onPath } from '../tools/find.ts'
import type { Kernel } from './kernel.ts'

/** What the kernel needs to reach its root: the host's, read-only by virtiofs, under a layer in memory. */
const rootModules = ['virtio_pci', 'virtiofs', 'overlay', 'virtio-rng']

/** Makes the file system that the kernel starts from; `folder` is scratch space. Returns the archive's path. */
export async function makeInitramfs(kernel: Kernel, folder: string): Promise<string> {
  const tree = join(folder, 'tree')
  for (const name of ['bin', 'mods', 'low', 'layer', 'root', 'proc', 'sys', 'dev'])
    mkdirSync(join(tree, name), { recursive: true })
  const busybox = onPath('busybox')
  if (busybox === undefined) throw new Error('busybox is not on this machine: apt-get install busybox-static')
  copyFileSync(busybox, join(tree, 'bin/busybox'))
  copyFileSync(new URL('init.sh', import.meta.url), join(tree, 'init'))
  const files = await moduleFiles(kernel)
  for (const [i, file] of files.entries())
    copyFileSync(file, join(tree, 'mods', `${String(i).padStart(2, '0')}-${basename(file)}`))
  const archive = join(folder, 'initramfs')
  await run(['sh', '-c', `chmod 755 init && find . | cpio --quiet -o -H newc >"$1"`, 'sh', archive], { cwd: tree })
  return archive
}

/** Files of the modules and of what they depend on, in the order in which they load. */
async function moduleFiles({ root, release }: Kernel): Promise<string[]> {
  const files = new Set<string>()
  for (const name of rootModules) {
    const lines = await run(['modprobe', '-d', root, '-S', release, '--show-depends', name])
    for (const [, file = ''] of lines.matchAll(/^insmod (\S+)/gm)) files.add(file)
  }
  return [...files]
}
