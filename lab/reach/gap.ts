/**
 * `node gap.ts URL SECONDS`: asks over a new connection every 20 ms, with the patience of 300 ms for each, and prints the answers that came, and the longest time without
 * one. Short patience, so that the gap is that of the network and not of TCP, which repeats a lost SYN after 1 and 3 s.
 */
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const [url = '', seconds = '10'] = process.argv.slice(2)
const [every, patience] = [20, 300]

/** The answer's text; undefined when none came in time. */
function ask(): Promise<string | undefined> {
  return new Promise(resolve => {
    const request = get(url, { agent: false, timeout: patience }, async response => {
      const parts = await response.toArray().catch(() => undefined)
      resolve(parts?.join('').trim())
    })
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', () => resolve(undefined))
  })
}

const answers = new Set<string>()
const end = performance.now() + Number(seconds) * 1000
let last: number | undefined
let longest = 0
while (performance.now() < end) {
  const answer = await ask()
  const now = performance.now()
  if (answer !== undefined) {
    answers.add(answer)
    longest = Math.max(longest, now - (last ?? now))
    last = now
  }
  await delay(every)
}
process.stdout.write(`${[...answers].sort().join(' ')}\nlongest gap: ${Math.round(longest)} ms\n`)
process.exit()
