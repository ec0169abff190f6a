import { printedProgress } from '../state/progress.ts'
import { ensureTools } from './ensure.ts'
import { ensureImages } from './images/images.ts'
import { toolSets, usualSets } from './sets.ts'

const usage = `Finds or builds the programs that a lab runs, and its container images.

  node lab/tools/main.ts [SET...]      sets: ${toolSets.map(set => set.name).join(' ')}
                                       (default: ${usualSets.map(set => set.name).join(' ')}, and the images)

Programs are taken from $OVNKIT_TOOLS, else from PATH, else built from their Go modules into
\${XDG_CACHE_HOME:-~/.cache}/ovnkit/tools. Prints where each one is.
`

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter(name => !toolSets.some(set => set.name === name))
  if (unknown.length > 0) {
    process.stderr.write(`unknown: ${unknown.join(' ')}\n\n${usage}`)
    process.exitCode = 2
    return
  }
  const progress = printedProgress(line => process.stderr.write(line))
  const tools = await ensureTools(progress, names.length > 0 ? names : undefined)
  for (const [program, path] of tools.all) process.stdout.write(`${program.padEnd(26)} ${path}\n`)
  if (names.length === 0)
    for (const image of await ensureImages(tools, progress))
      process.stdout.write(`${image.name.padEnd(52)} ${image.archive}\n`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  for (let cause = error; cause instanceof Error; cause = cause.cause) process.stderr.write(`${cause.message}\n`)
  process.exitCode = 1
}
