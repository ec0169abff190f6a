import {
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Write a file so that readers see the old or the new content. Nothing happens when it has the content already. */
export function writeAtomically(path: string, text: string, mode = 0o644): boolean {
  if (contentOf(path) === text) return false
  mkdirSync(dirname(path), { recursive: true })
  replace(path, temporary => writeFileSync(temporary, text, { mode }))
  return true
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Copy a program so that it can be replaced while it runs. Same size and time of change: nothing happens. */
export function installAtomically(from: string, path: string): boolean {
  const source = statSync(from)
  const present = statSync(path, { throwIfNoEntry: false })
  if (present?.size === source.size && Math.abs(present.mtimeMs - source.mtimeMs) < 2) return false
  mkdirSync(dirname(path), { recursive: true })
  replace(path, temporary => {
    copyFileSync(from, temporary, constants.COPYFILE_FICLONE)
    utimesSync(temporary, source.atime, source.mtime)
  })
  return true
}

/** Makes the new file beside the old one. What could not be finished (a full disk) is taken away again. */
function replace(path: string, make: (temporary: string) => void): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`)
  try {
    make(temporary)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
