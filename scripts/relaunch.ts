/** What a program needs from its start on, and no code can change later. */
export interface StartSettings {
  /** Flags of V8, as `node` takes them. */
  readonly flags: readonly string[]
  /** Environment variables; those that are set already stay. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * First statement of a bundle: has the kernel replace the process by itself with these settings, unless it has them. Same process id, no child process, some
 * 30 ms once. So the settings belong to the file, and nobody can start it without them (sizes of V8's heap and of malloc are fixed before the first statement).
 */
export function relaunch({ flags, env }: StartSettings): string {
  const missing = `${JSON.stringify(flags)}.filter(flag => !process.execArgv.includes(flag))`
  const settings = `{ ...${JSON.stringify(env)}, ...process.env }`
  const command = '[process.execPath, ...__missing, ...process.execArgv, ...process.argv.slice(1)]'
  return `const __missing = ${missing}; if (__missing.length > 0) process.execve(process.execPath, ${command}, ${settings});`
}
