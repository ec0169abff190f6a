import { isIP } from 'node:net'
import type { Lab } from '../lab.ts'
import { inNetworkOf, type Speaker } from './pods.ts'

/** How long one request may take, in seconds. */
const patience = 3
const port = 8080

export interface Cell {
  readonly from: Speaker
  readonly to: Speaker
  readonly address: string
  /** Milliseconds; undefined: no answer, or the answer of someone else. */
  readonly time: number | undefined
}

/** HTTP from everybody to everybody, itself included, to every address; one after another, so that the times mean something. */
export async function reachability(lab: Lab, speakers: readonly Speaker[]): Promise<Cell[]> {
  const places = await Promise.all(speakers.map(from => inNetworkOf(lab, from)))
  const cells: Cell[] = []
  for (const [i, from] of speakers.entries()) cells.push(...(await row(lab, from, places[i] ?? [], speakers)))
  return cells
}

async function row(lab: Lab, from: Speaker, place: readonly string[], speakers: readonly Speaker[]): Promise<Cell[]> {
  // A pod of one family has no way to the other one.
  const families = new Set(from.addresses.map(isIP))
  const targets = speakers.flatMap(to =>
    to.addresses.filter(ip => families.has(isIP(ip))).map(address => ({ to, address })),
  )
  const requests = targets.flatMap(({ address }, i) => [
    ...(i === 0 ? [] : ['--next']),
    ...['--silent', '--max-time', String(patience), '--write-out', ' %{http_code} %{time_total}\\n', urlOf(address)],
  ])
  const { stdout } = await lab.tryExec(from.node, [...place, 'curl', ...requests])
  const lines = stdout.split('\n')
  return targets.map(({ to, address }, i) => ({ from, to, address, time: timeOf(lines[i] ?? '', to) }))
}

const urlOf = (address: string) => `http://${address.includes(':') ? `[${address}]` : address}:${port}/hostname`

/** agnhost answers with its host name: the pod's, or on the host network the node's. */
function timeOf(line: string, to: Speaker): number | undefined {
  const [name, code, seconds] = line.trim().split(' ')
  const expected = to.hostNetwork ? to.node : to.name
  return name === expected && code === '200' ? Number(seconds) * 1000 : undefined
}

/** A table of milliseconds, and a closing line with the count. */
export function formatMatrix(cells: readonly Cell[]): string {
  const columns = [...new Map(cells.map(cell => [cell.address, cell])).values()]
  const rows = [...new Set(cells.map(cell => cell.from))]
  const label = ({ name, node }: Speaker) => `${name} (${node})`
  const width = Math.max(...rows.map(from => label(from).length))
  const key = columns.map(
    ({ to, address }, i) => `  ${String(i + 1).padStart(2)} ${label(to).padEnd(width)} ${address}`,
  )
  const head = `${' '.repeat(width + 2)}${columns.map((_, i) => String(i + 1).padStart(6)).join('')}   ms`
  const lines = rows.map(from => {
    const own = columns.map(({ address }) => cells.find(cell => cell.from === from && cell.address === address))
    return `  ${label(from).padEnd(width)}${own.map(formatCell).join('')}`
  })
  return `${[...key, '', head, ...lines, '', summary(cells)].join('\n')}\n`
}

function formatCell(cell: Cell | undefined): string {
  if (cell === undefined) return '     -'
  return cell.time === undefined ? '  FAIL' : cell.time.toFixed(1).padStart(6)
}

export function summary(cells: readonly Cell[]): string {
  const times = cells.flatMap(({ time }) => time ?? []).sort((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)] ?? 0
  return `${times.length} of ${cells.length} reachable, median ${median.toFixed(1)} ms, slowest ${(times.at(-1) ?? 0).toFixed(1)} ms`
}
