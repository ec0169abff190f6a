/**
 * Runs in a pod's network until SIGTERM: `node probe.ts URL` asks the URL again and again, over one connection that stays open, and
 * over a new connection each time; then prints how many of either failed. A gap is the time between two answers of the open one.
 */
import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const every = 50
const patience = 10_000
const url = process.argv[2] ?? ''

interface Tally {
  answered: number
  failed: number
  connections: number
  longestGap: number
}

function ask(agent: Agent, tally: Tally): Promise<void> {
  return new Promise(resolve => {
    const request = get(url, { agent, timeout: patience }, response => {
      if (!request.reusedSocket) tally.connections += 1
      response.resume()
      response.on('end', () => {
        tally.answered += 1
        resolve()
      })
    })
    const fail = () => {
      tally.failed += 1
      resolve()
    }
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', fail)
  })
}

async function keepAsking(agent: Agent, tally: Tally, signal: AbortSignal): Promise<void> {
  let last = performance.now()
  while (!signal.aborted) {
    const before = tally.answered
    await ask(agent, tally)
    const now = performance.now()
    if (tally.answered > before) {
      tally.longestGap = Math.max(tally.longestGap, now - last)
      last = now
    }
    await delay(every, undefined, { signal }).catch(() => undefined)
  }
}

const newTally = (): Tally => ({ answered: 0, failed: 0, connections: 0, longestGap: 0 })
const [open, fresh] = [newTally(), newTally()]
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.stdout.write('asking\n')
await Promise.all([
  keepAsking(new Agent({ keepAlive: true, maxSockets: 1 }), open, stop.signal),
  keepAsking(new Agent({ keepAlive: false }), fresh, stop.signal),
])
process.stdout.write(
  `open connection: ${open.failed} failed, ${open.connections} connected, longest gap ${Math.round(open.longestGap)} ms, ${open.answered} answered\n`,
)
process.stdout.write(
  `new connections: ${fresh.failed} failed, longest gap ${Math.round(fresh.longestGap)} ms, ${fresh.answered} answered\n`,
)
process.exit()
