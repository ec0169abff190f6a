import { commands, usage } from './cli/commands.ts'

const [name = 'help', ...args] = process.argv.slice(2)
const command = commands[name]

if (command === undefined) {
  process.stderr.write(name === 'help' || name === '--help' ? usage() : `lab has no command ${name}\n\n${usage()}`)
  process.exitCode = name === 'help' || name === '--help' ? 0 : 2
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
