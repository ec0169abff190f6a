import { accessSync, constants, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** A program that a test, the lab or the demo needs is not on this machine. */
export class MissingToolError extends Error {
  override readonly name = 'MissingToolError'
  readonly code = 'missingTool'
}

/**
 * The path of a Kubernetes program: in $OVNKIT_TOOLS, in the newest folder of the tools cache
 * (`${XDG_CACHE_HOME:-~/.cache}/ovnkit/tools/<version>`) that has it, or in $PATH.
 * @throws MissingToolError saying where it was looked for
 */
export function findTool(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const folders = toolFolders(env)
  const found = folders.map(folder => join(folder, name)).find(isExecutable)
  if (found !== undefined) return found
  throw new MissingToolError(
    `${name} was not found in ${folders.join(', ')}. Run "make tools" (builds Kubernetes once), or set OVNKIT_TOOLS to the folder that has it.`,
  )
}

function toolFolders(env: NodeJS.ProcessEnv): string[] {
  const given = env.OVNKIT_TOOLS
  const cache = join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), '.cache'), 'ovnkit', 'tools')
  const path = (env.PATH ?? '').split(delimiter).filter(folder => folder !== '')
  return [...(given === undefined || given === '' ? [] : [given]), ...versions(cache), ...path]
}

/** Newest first: by the numbers in the name. */
function versions(cache: string): string[] {
  try {
    const names = readdirSync(cache).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    return names.map(name => join(cache, name))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
