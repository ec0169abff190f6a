import { asksForHelp, commands, usage, usageOf } from './cli/commands.ts'

const [name = 'help', ...args] = process.argv.slice(2)
const isHelp = ['help', '--help', '-h'].includes(name)
const command = commands[isHelp ? (args[0] ?? '') : name]

if (command !== undefined && (isHelp || asksForHelp(args))) {
  process.stdout.write(`${usageOf(command)}\n`)
} else if (command === undefined) {
  if (isHelp) process.stdout.write(usage())
  else process.stderr.write(`lab has no command ${name}\n\n${usage()}`)
  process.exitCode = isHelp ? 0 : 2
} else {
  try {
    process.exitCode = await command.run(args)
  } catch (error) {
    process.stderr.write(`lab ${name}: ${describe(error)}\n`)
    process.exitCode = 1
  }
  // Keep-alive connections to the API server would hold the process for their idle time.
  process.exit()
}

/** The message with those of its causes; what failed in the course of tidying up comes after what failed before. */
function describe(error: unknown): string {
  if (error instanceof SuppressedError) return `${describe(error.suppressed)}\nand then: ${describe(error.error)}`
  const lines: string[] = []
  for (let cause = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    lines.push(cause instanceof Error ? cause.message : String(cause))
  }
  return lines.join('\n  because: ')
}
