import { PolicyMistake } from '../mistake.ts'

export type Problems = string[]

/** What `read` returns; when it finds a mistake, that is noted with the place where it stands, and nothing is returned. */
export function attempt<T>(problems: Problems, at: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof PolicyMistake)) throw error
    problems.push(`${at}: ${error.message}`)
    return undefined
  }
}
