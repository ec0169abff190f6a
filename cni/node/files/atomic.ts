import {
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Write a file so that readers see the old or the new content. Nothing happens when it has the content already. */
export function writeAtomically(path: string, text: string, mode = 0o644): boolean {
  if (contentOf(path) === text) return false
  mkdirSync(dirname(path), { recursive: true })
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`)
  writeFileSync(temporary, text, { mode })
  renameSync(temporary, path)
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
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`)
  copyFileSync(from, temporary, constants.COPYFILE_FICLONE)
  utimesSync(temporary, source.atime, source.mtime)
  renameSync(temporary, path)
  return true
}
