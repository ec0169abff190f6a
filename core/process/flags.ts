import { parseArgs } from 'node:util'

/** An option of a program's command line. */
export interface Flag {
  readonly type: 'string' | 'boolean'
  /** One line for the usage. */
  readonly help: string
  /** Shown in the usage, and the value where the option is not given. */
  readonly default?: string
}

export interface Program<F extends Readonly<Record<string, Flag>>> {
  readonly name: string
  readonly version: string
  /** What it does, one sentence. */
  readonly summary: string
  readonly flags: F
}

/** Values by name: text, or undefined where the option was not given and has no default; booleans are false then. */
export type FlagValues<F extends Readonly<Record<string, Flag>>> = {
  readonly [N in keyof F]: F[N]['type'] extends 'boolean'
    ? boolean
    : F[N] extends { default: string }
      ? string
      : string | undefined
}

/** What a command line asks for: to run, or to print something and end with a status. */
export type Invocation<F extends Readonly<Record<string, Flag>>> =
  | { readonly kind: 'run'; readonly values: FlagValues<F> }
  | { readonly kind: 'print'; readonly text: string; readonly status: 0 | 2 }

/** Read a command line. `--help` and `--version` are there by themselves. */
export function parseFlags<F extends Readonly<Record<string, Flag>>>(
  program: Program<F>,
  args: readonly string[],
): Invocation<F> {
  const own = { help: { type: 'boolean' as const, short: 'h' }, version: { type: 'boolean' as const } }
  try {
    const { values } = parseArgs({ args: [...args], options: { ...optionsOf(program.flags), ...own } })
    if (values.help) return { kind: 'print', text: usage(program), status: 0 }
    if (values.version) return { kind: 'print', text: `${program.name} ${program.version}`, status: 0 }
    return { kind: 'run', values: completed(program.flags, values) as FlagValues<F> }
  } catch (error) {
    const message = error instanceof Error ? error.message.split('. ')[0] : String(error)
    return { kind: 'print', text: `${program.name}: ${message}; --help lists the options`, status: 2 }
  }
}

/** As `parseFlags` for this process; prints and ends it where the command line asks for that (status 0) or is wrong (2). */
export function readFlags<F extends Readonly<Record<string, Flag>>>(program: Program<F>): FlagValues<F> {
  const invocation = parseFlags(program, process.argv.slice(2))
  if (invocation.kind === 'run') return invocation.values
  if (invocation.status === 0) console.log(invocation.text)
  else console.error(invocation.text)
  process.exit(invocation.status)
}

function optionsOf(flags: Readonly<Record<string, Flag>>) {
  return Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }]))
}

function completed(flags: Readonly<Record<string, Flag>>, values: Readonly<Record<string, unknown>>): object {
  const absent = ({ type, default: value }: Flag) => (type === 'boolean' ? false : value)
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, values[name] ?? absent(flag)]))
}

const STANDARD: Readonly<Record<string, Flag>> = {
  help: { type: 'boolean', help: 'Print this.' },
  version: { type: 'boolean', help: 'Print the version.' },
}

function usage({ name, summary, flags }: Program<Readonly<Record<string, Flag>>>): string {
  const lines = Object.entries({ ...flags, ...STANDARD })
  const heads = lines.map(([flag, { type }]) => `--${flag}${type === 'string' ? ' VALUE' : ''}`)
  const width = Math.max(...heads.map(head => head.length))
  const rows = lines.map(([, { help, default: value }], i) => {
    const suffix = value === undefined || value === '' ? '' : ` (default ${value})`
    return `  ${(heads[i] ?? '').padEnd(width)}  ${help}${suffix}`
  })
  return `${name}: ${summary}\n\nUsage: ${name} [OPTION]...\n\n${rows.join('\n')}`
}
