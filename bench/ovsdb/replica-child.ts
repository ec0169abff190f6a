import { monitorEventLoopDelay } from 'node:perf_hooks'
import { OVN_Northbound, OVN_Southbound } from '@ovnkit/ovn'
import { type DatabaseSchema, openDatabase } from '@ovnkit/ovsdb'

/** `node replica-child.ts nb|sb REMOTE [lazy]`: fills a replica of every table, prints what it cost this process as JSON. */
const [name, remotes = '', mode] = process.argv.slice(2)
const schema: DatabaseSchema = name === 'nb' ? OVN_Northbound : OVN_Southbound
const lazy = mode === 'lazy'
const tables = Object.fromEntries(Object.keys(schema.tables).map(table => [table, { lazy }]))

const before = process.memoryUsage.rss()
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const cpu = process.cpuUsage()
await using db = openDatabase(schema, { remotes, tables })
await db.ready()
const { user, system } = process.cpuUsage(cpu)
delay.disable()
console.log(
  JSON.stringify({
    rows: db.stats.rows,
    cpuMs: (user + system) / 1000,
    peakOverMb: process.resourceUsage().maxRSS / 1024 - before / 2 ** 20,
    // The histogram counts from tick to tick of a timer of 1 ms: that is no delay.
    blockedP99: delay.percentile(99) / 1e6 - 1,
    blockedMax: delay.max / 1e6 - 1,
  }),
)
