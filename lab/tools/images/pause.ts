import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../../state/lock.ts'
import { run } from '../../state/run.ts'
import { cacheFolder, onPath } from '../find.ts'

/** The static `pause` program in the cache: init of a lab machine as well as of a sandbox. */
export async function ensurePause(): Promise<string> {
  const source = readFileSync(new URL('pause.c', import.meta.url))
  const program = join(cacheFolder(), 'pause', createHash('sha256').update(source).digest('hex').slice(0, 12), 'pause')
  if (existsSync(program)) return program
  return withLock('pause', 60_000, async () => {
    if (!existsSync(program)) await compilePause(program)
    return program
  })
}

export async function compilePause(program: string): Promise<void> {
  if (onPath('gcc') === undefined) throw new Error('no C compiler for the pause program: apt-get install gcc libc6-dev')
  mkdirSync(join(program, '..'), { recursive: true })
  const source = new URL('pause.c', import.meta.url).pathname
  await run(['gcc', '-static', '-Os', '-s', '-Wall', '-o', `${program}.new`, source])
  await run(['mv', `${program}.new`, program])
}
