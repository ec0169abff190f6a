import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildPlugin, runPlugin } from '@ovnkit/cni-plugin/testing'
import { findTool } from '@ovnkit/kube/testing'
import { summarize } from '../summary.ts'

/**
 * Question: what does starting the plugin cost, beside the reference plugin `bridge` and a program that does nothing? Whole
 * ADDs are in bench/cni-add. CNI_COMMAND=VERSION, all programs in turn; node bench/cni-plugin/main.ts [--rounds 40] [--json FILE]
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, json: { type: 'string' } },
})
using plugin = await buildPlugin()
const programs = {
  'cat (floor of the measurement)': '/bin/cat',
  'bridge (Go)': findTool('bridge'),
  'zstack-ovn-cni': plugin.path,
}
const env = { CNI_COMMAND: 'VERSION', PATH: process.env.PATH ?? '' }
const times = new Map<string, number[]>(Object.keys(programs).map(name => [name, []]))
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [name, path] of Object.entries(programs)) {
    const { ms } = await runPlugin(path, env, { cniVersion: '1.0.0' })
    if (round > 0) times.get(name)?.push(ms)
  }
}
const results = Object.fromEntries([...times].map(([name, ms]) => [name, summarize(ms)]))
console.table(results)
if (values.json) writeFileSync(values.json, JSON.stringify(results, undefined, 2))
