import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { print, type Report } from './measure.ts'
import { benchReads } from './reads.ts'
import { benchSync } from './sync.ts'
import { benchWatcher } from './watcher.ts'
import { benchClusterWrites, benchWrites } from './writes.ts'

/** `node bench/ovsdb/main.ts [--json FILE] [--rounds N] [nb] [sb] [reads] [watcher] [writes] [cluster]`: all of them if none is named. Rounds: those of each unless given. */
const { values, positionals } = parseArgs({
  options: { json: { type: 'string' }, rounds: { type: 'string' } },
  allowPositionals: true,
})

const rounds = (usual: number) => Number(values.rounds ?? usual)

const benches: Readonly<Record<string, () => Promise<Report>>> = {
  nb: () => benchSync('nb', rounds(7)),
  sb: () => benchSync('sb', rounds(3)),
  reads: () => benchReads(rounds(20)),
  watcher: benchWatcher,
  writes: () => benchWrites(rounds(5)),
  cluster: () => benchClusterWrites(rounds(5)),
}

const names = positionals.length > 0 ? positionals : Object.keys(benches)
const reports: Record<string, Report> = {}
for (const name of names) {
  const bench = benches[name]
  if (!bench) throw new Error(`expected some of ${Object.keys(benches).join(', ')}; got ${name}`)
  reports[name] = await bench()
  print(reports[name])
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(reports, null, 1)}\n`)
