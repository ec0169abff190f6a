import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { buildArguments } from './build-arguments.ts'

export interface BuiltPlugin extends Disposable {
  readonly path: string
}

/** Compile the plugin as it ships, into a folder of its own. Takes about 1 s. */
export async function buildPlugin(): Promise<BuiltPlugin> {
  const folder = mkdtempSync(join(tmpdir(), 'ovnkit-plugin-'))
  const path = join(folder, 'zstack-ovn-cni')
  const bun = new URL('../../node_modules/.bin/bun', import.meta.url).pathname
  const child = spawn(bun, buildArguments(path))
  const [output, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`the plugin does not build: ${output}`)
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

export interface PluginRun {
  readonly status: number | null
  /** What it printed, as JSON; undefined for nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  readonly output: any
  readonly ms: number
}

/** Run the plugin as a container runtime does: parameters in the environment, configuration on standard input. */
export async function runPlugin(
  path: string,
  env: Record<string, string>,
  stdin: unknown,
  args: readonly string[] = [],
): Promise<PluginRun> {
  const start = performance.now()
  const child = spawn(path, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  // A program that does not read its input may be gone already.
  child.stdin.on('error', () => undefined)
  child.stdin.end(typeof stdin === 'string' ? stdin : JSON.stringify(stdin))
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { status, output: output === '' ? undefined : JSON.parse(output), ms: performance.now() - start }
}
