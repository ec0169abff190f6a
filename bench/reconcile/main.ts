/**
 * What the engine of @ovnkit/reconcile costs. Usage: node bench/reconcile/main.ts [--json FILE]
 * Each figure is `median (least .. most)`.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { measureEngine } from './engine.ts'
import { formatFigure } from './measure.ts'
import { measureNorthbound } from './northbound.ts'

const { values } = parseArgs({ options: { json: { type: 'string' } } })
const figures = [...(await measureEngine()), ...(await measureNorthbound())]
for (const line of figures) console.log(formatFigure(line))
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, undefined, 2)}\n`)
