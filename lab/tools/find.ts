import { accessSync, constants, existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { runRaw } from '../state/run.ts'
import { filesOf, folderOf, programsOf, type ToolSet } from './sets.ts'

/** `${XDG_CACHE_HOME:-~/.cache}/ovnkit`: built tools, images, a fetched Go. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env) =>
  join(env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), '.cache'), 'ovnkit')

export const toolsCache = (env?: NodeJS.ProcessEnv) => join(cacheFolder(env), 'tools')

/** Folder for NODE_COMPILE_CACHE: what Node has compiled of this program once. */
export const compileCache = () => join(cacheFolder(), 'node-compile')

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of a program on PATH, or undefined. */
export const onPath = (program: string, env: NodeJS.ProcessEnv = process.env) =>
  (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map(folder => join(folder, program))
    .find(isExecutable)

/** Program name -> path. */
export type Found = ReadonlyMap<string, string>

function allIn(folder: string, set: ToolSet): Found | undefined {
  const [programs, files] = [programsOf(set), filesOf(set)]
  const has = (name: string) => join(folder, name)
  if (!programs.every(name => isExecutable(has(name))) || !files.every(name => existsSync(has(name)))) return undefined
  return new Map([...programs, ...files].map(name => [name, has(name)]))
}

/**
 * Where a whole set is already: in $OVNKIT_TOOLS, on PATH (Kubernetes only at the wanted minor version), or built before.
 * Half a set doesn't count: its programs belong together.
 */
export async function findSet(set: ToolSet, env: NodeJS.ProcessEnv = process.env): Promise<Found | undefined> {
  const programs = programsOf(set)
  const given = env.OVNKIT_TOOLS
  const fromGiven = given === undefined || given === '' ? undefined : allIn(given, set)
  return fromGiven ?? (await setOnPath(set, programs, env)) ?? allIn(join(toolsCache(env), folderOf(set)), set)
}

async function setOnPath(
  set: ToolSet,
  programs: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Found | undefined> {
  if (!set.onPath) return undefined
  const found = new Map<string, string>()
  for (const program of programs) {
    const path = onPath(program, env)
    if (path === undefined) return undefined
    found.set(program, path)
  }
  return (await isWantedVersion(set, found)) ? found : undefined
}

async function isWantedVersion(set: ToolSet, found: Found): Promise<boolean> {
  const server = found.get('kube-apiserver')
  if (server === undefined) return true
  const minor = set.version.split('.').slice(0, 2).join('.')
  return (await runRaw([server, '--version'])).stdout.includes(`${minor}.`)
}
