import { readFileSync, statSync } from 'node:fs'
import { KubeConfigError } from '../client/errors.ts'

interface Cached {
  readonly content: Buffer
  /** Identity of the file's content: kubelet's symlink swap changes inode and mtime. */
  readonly stamp: string
  checked: number
}

/**
 * Small files that others replace while we run. A read looks at the file's stamp at most every `maxAgeMs` (10 s, as
 * client-go does for tokens), so that a hot path pays a stat now and then. An unreadable file keeps its last content:
 * rotation is not always atomic.
 */
export class FileCache {
  readonly #cached = new Map<string, Cached>()
  readonly #maxAgeMs: number
  readonly #now: () => number

  constructor(maxAgeMs = 10_000, now: () => number = () => performance.now()) {
    this.#maxAgeMs = maxAgeMs
    this.#now = now
  }

  /** @throws KubeConfigError when the file was never readable */
  read(path: string, fresh = false): Buffer {
    const cached = this.#cached.get(path)
    if (cached !== undefined && !fresh && this.#now() - cached.checked < this.#maxAgeMs) return cached.content
    try {
      return this.#load(path, cached)
    } catch (error) {
      if (cached !== undefined) return cached.content
      const why = error instanceof Error ? error.message : String(error)
      throw new KubeConfigError(`cannot read ${path}: ${why}. Check that the file exists and is mounted.`, {
        cause: error,
      })
    }
  }

  #load(path: string, cached: Cached | undefined): Buffer {
    const { ino, mtimeMs, size } = statSync(path)
    const stamp = `${ino}:${mtimeMs}:${size}`
    if (cached?.stamp === stamp) {
      cached.checked = this.#now()
      return cached.content
    }
    const content = readFileSync(path)
    if (content.length === 0) throw new Error('the file is empty')
    this.#cached.set(path, { content, stamp, checked: this.#now() })
    return content
  }
}
