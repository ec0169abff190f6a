/**
 * Asks many URLs at a steady pace until SIGTERM: `node steady.ts RATE NAME=URL...`, RATE new connections a second to each; prints one line for each name with
 * how many were answered and how many not. A request that is not answered within three seconds has failed.
 */
import { get } from 'node:http'

const patience = 3000

interface Tally {
  readonly name: string
  readonly url: string
  answered: number
  failed: number
  /** Milliseconds since the start, of failures. */
  readonly when: number[]
  /** How many failed in which way: `ECONNREFUSED`, `no answer`. */
  readonly how: Map<string, number>
}

const [rateText = '100', ...words] = process.argv.slice(2)
const began = performance.now()
const tallies = words.map((word): Tally => {
  const at = word.indexOf('=')
  return { name: word.slice(0, at), url: word.slice(at + 1), answered: 0, failed: 0, when: [], how: new Map() }
})

function ask(tally: Tally): void {
  const started = performance.now() - began
  const request = get(tally.url, { agent: false, timeout: patience }, response => {
    response.resume()
    response.on('end', () => {
      tally.answered += 1
    })
  })
  request.on('timeout', () => request.destroy(new Error('no answer')))
  request.on('error', (error: NodeJS.ErrnoException) => {
    const how = error.code ?? error.message
    tally.failed += 1
    tally.when.push(started)
    tally.how.set(how, (tally.how.get(how) ?? 0) + 1)
  })
}

// On a busy machine timers come late: what they missed is asked at once, but not more than a tenth of a second's worth.
const rate = Number(rateText)
let asked = 0
const clock = setInterval(() => {
  const due = Math.floor(((performance.now() - began) / 1000) * rate) - asked
  asked += due
  for (let i = 0; i < Math.min(due, Math.ceil(rate / 10)); i++) tallies.forEach(ask)
}, 1000 / rate)
process.stdout.write('asking\n')
process.on('SIGTERM', () => {
  clearInterval(clock)
  // What is under way is counted too.
  setTimeout(report, patience)
})

function report(): void {
  for (const { name, answered, failed, when, how } of tallies) {
    const kinds = [...how].map(([kind, count]) => `${count} ${kind}`).join(', ')
    const span = failed === 0 ? '' : `, from ${seconds(when[0])} to ${seconds(when.at(-1))} (${kinds})`
    process.stdout.write(`${name}: ${failed} of ${answered + failed} failed${span}\n`)
  }
  process.exit()
}

const seconds = (ms = 0) => `${(ms / 1000).toFixed(1)} s`
