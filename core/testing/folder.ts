import { accessSync, constants } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'ovnkit-test-'
/** Younger ones are left alone: their owner may live in another pid namespace. */
const staleMs = 3_600_000

/**
 * A new folder that names its owner, in memory where the system has that (/dev/shm), else in the temporary folder: servers of
 * tests sync their files, and a disk that is busy elsewhere stops them for seconds. Folders of owners that crashed more than
 * an hour ago are removed.
 */
export async function temporaryFolder(): Promise<string> {
  const parent = parentFolder()
  for (const name of await readdir(parent))
    if (await isStale(join(parent, name), name)) await rm(join(parent, name), { recursive: true, force: true })
  return mkdtemp(join(parent, `${prefix}${process.pid}-`))
}

function parentFolder(memory = '/dev/shm'): string {
  try {
    accessSync(memory, constants.W_OK)
    return memory
  } catch {
    return tmpdir()
  }
}

async function isStale(path: string, name: string): Promise<boolean> {
  const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
  if (owner === undefined || isRunning(Number(owner))) return false
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > staleMs
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
