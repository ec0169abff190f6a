/**
 * Loaded before an agent's program by `node --import`: writes every child process that it starts, one line each, into the file that CHILDREN names.
 */
import childProcess, { ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { CHILDREN: file } = process.env
if (file === undefined) throw new Error('expected the name of a file in CHILDREN')

/** Puts a function in the place of the one of that name, which first writes down what `commandOf` makes of its arguments. */
function watch(home: object, name: string, commandOf: (first: unknown, second: unknown) => readonly unknown[]): void {
  const original: unknown = Reflect.get(home, name)
  if (typeof original !== 'function') throw new Error(`expected a function ${name}`)
  const watching = function (this: unknown, ...args: readonly unknown[]): unknown {
    appendFileSync(file ?? '', `${commandOf(args[0], args[1]).join(' ')}\n`)
    return Reflect.apply(original, this, args)
  }
  Reflect.set(home, name, watching)
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

// What spawn, exec, execFile and fork come down to.
watch(ChildProcess.prototype, 'spawn', options => listOf(Reflect.get(Object(options), 'args')))
for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
  watch(childProcess, name, (program, args) => [program, ...listOf(args)])
}
syncBuiltinESMExports()
