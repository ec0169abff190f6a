import { type Client, clients, type Endpoint, endpoints, kinds } from './cells.ts'
import type { Verdict } from './judge.ts'

const rowOf = ({ cell: { kind, policy, entry } }: Verdict) =>
  [kind.padEnd(12), (policy ?? '').padEnd(8), entry === undefined ? '' : `through ${entry}`].join(' ').trimEnd()

/** One character a cell: what was seen and whether it was promised. */
function markOf(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return ''
  if (verdicts.some(({ wrong }) => wrong !== undefined)) return 'WRONG'
  const outcomes = new Set(verdicts.map(({ observed }) => observed?.outcome))
  if (outcomes.size > 1) return 'either'
  return { answer: 'yes', silence: 'drop', refused: 'refuse' }[[...outcomes][0] ?? ''] ?? '?'
}

/** Tables for people, one for each client: families and protocols share a cell. */
export function formatPaths(verdicts: readonly Verdict[]): string {
  const tables = clients.map(client =>
    tableOf(
      client,
      verdicts.filter(({ cell }) => cell.client === client),
    ),
  )
  return [...tables, ...wrongLines(verdicts), summaryOf(verdicts), ''].join('\n')
}

function tableOf(client: Client, verdicts: readonly Verdict[]): string {
  const rows = [
    ...new Set(verdicts.toSorted((a, b) => kinds.indexOf(a.cell.kind) - kinds.indexOf(b.cell.kind)).map(rowOf)),
  ]
  const width = Math.max(...rows.map(row => row.length))
  const head = `${`from ${client}`.padEnd(width)}${endpoints.map(name => name.padStart(10)).join('')}`
  const lines = rows.map(row => {
    const cell = (endpoint: Endpoint) =>
      markOf(verdicts.filter(one => rowOf(one) === row && one.cell.endpoint === endpoint))
    return `${row.padEnd(width)}${endpoints.map(endpoint => cell(endpoint).padStart(10)).join('')}`
  })
  return [head, ...lines, ''].join('\n')
}

function wrongLines(verdicts: readonly Verdict[]): string[] {
  const wrong = verdicts.filter(one => one.wrong !== undefined)
  if (wrong.length === 0) return []
  const lines = wrong.map(one => {
    const { client, endpoint, family, protocol } = one.cell
    const { answer, source } = one.promised
    return `  ${client} -> ${rowOf(one).replace(/ +/g, ' ')} -> ${endpoint}, IPv${family} ${protocol}: ${one.wrong} (promised: ${answer}, source ${source})`
  })
  return ['wrong:', ...lines, '']
}

export function summaryOf(verdicts: readonly Verdict[]): string {
  const good = verdicts.filter(({ wrong }) => wrong === undefined).length
  return `${good} of ${verdicts.length} as promised`
}
