import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { emitDatabase } from './emit.ts'
import { collect, formatSource, readSource, targets } from './targets.ts'

/**
 * `npm run generate -w @ovnkit/ovsdb [-- PREFIX...]`: merges the schemas below each PREFIX, oldest first, into the kept
 * sources and writes the typed files. Without PREFIX it writes them from the kept sources alone.
 */
for (const target of targets) {
  let source = readSource(target)
  for (const prefix of process.argv.slice(2)) source = collect(target, prefix, source)
  if (!source) throw new Error(`no schema for ${target.output}: give a PREFIX that holds ${target.schema}, such as /`)
  mkdirSync(dirname(target.output), { recursive: true })
  writeFileSync(`${target.output}.json`, formatSource(source))
  writeFileSync(`${target.output}.ts`, emitDatabase(source, target))
  console.log(`${target.output}.ts: ${source.schema.name} ${source.versions.join(' + ')}`)
}
