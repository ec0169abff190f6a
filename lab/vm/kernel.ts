import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../state/lock.ts'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'
import { cacheFolder } from '../tools/find.ts'

/** A kernel that is not the host's, with every module. */
export interface Kernel {
  /** `uname -r` in the guest. */
  readonly release: string
  /** The compressed image that the machine boots. */
  readonly image: string
  /** Folder whose `lib/modules/RELEASE` holds the modules. */
  readonly root: string
}

const metaPackage = 'linux-image-cloud-amd64'

/**
 * Debian's cloud kernel, unpacked into the cache without installing it: it has openvswitch, geneve, vrf, 8021q and sctp, which the kernel that runs the
 * lab need not have.
 */
export function ensureKernel(progress: Progress): Promise<Kernel> {
  const folder = join(cacheFolder(), 'vm', 'kernel')
  return withLock('kernel', 600_000, async () => {
    if (!existsSync(folder)) await progress.step("Debian's cloud kernel", () => unpack(folder))
    return kernelIn(folder)
  })
}

async function unpack(folder: string): Promise<void> {
  const scratch = `${folder}.new`
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  await run(['apt-get', 'download', '-qq', await concretePackage()], { cwd: scratch })
  const [archive = ''] = readdirSync(scratch).filter(name => name.endsWith('.deb'))
  await run(['dpkg-deb', '-x', join(scratch, archive), scratch])
  rmSync(join(scratch, archive))
  const { release } = kernelIn(scratch)
  await run(['depmod', '-b', scratch, release])
  renameSync(scratch, folder)
}

/** The meta package depends on the kernel of the day. */
async function concretePackage(): Promise<string> {
  const depends = await run(['apt-cache', 'depends', metaPackage])
  const name = /Depends: (\S+)/.exec(depends)?.[1]
  if (name === undefined) throw new Error(`apt does not know ${metaPackage}: run apt-get update on a Debian machine`)
  return name
}

function kernelIn(root: string): Kernel {
  const [release] = readdirSync(join(root, 'lib/modules'))
  if (release === undefined) throw new Error(`${root} holds no kernel: remove it and try again`)
  return { release, image: join(root, 'boot', `vmlinuz-${release}`), root }
}
