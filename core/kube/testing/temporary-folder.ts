import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = 'ovnkit-kube-'
/** Younger ones are left alone: their owner may live in another pid namespace. */
const STALE_MS = 3_600_000

/** A new folder in /tmp that names its owner; folders of owners that crashed more than an hour ago are removed. */
export async function temporaryFolder(): Promise<string> {
  for (const name of await readdir(tmpdir()))
    if (await isStale(name)) await rm(join(tmpdir(), name), { recursive: true, force: true })
  return mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
}

async function isStale(name: string): Promise<boolean> {
  const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
  if (owner === undefined || isRunning(Number(owner))) return false
  const found = await stat(join(tmpdir(), name)).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
