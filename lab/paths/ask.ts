/**
 * Asks agnhost's netexec at many addresses at once from the network it runs in: reads `[{id, protocol, address, port}]` from standard
 * input, writes `[{id, outcome, seen, by, ms}]`. Each is one connection (or one socket) that asks for the client's address and for the
 * host's name. Outcomes: `answer`, `silence`, `refused`, or the error's code.
 */
import { createSocket } from 'node:dgram'
import { Agent, get } from 'node:http'
import { isIPv6 } from 'node:net'
import { text } from 'node:stream/consumers'

interface Question {
  readonly id: number
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
}

interface Answer {
  readonly id: number
  readonly outcome: string
  readonly seen?: string
  readonly by?: string
  readonly ms: number
}

/** Milliseconds until silence is taken for an answer of its own. */
const patience = Number(process.argv[2] ?? 3000)

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error))

const outcomes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'silence',
  ESILENCE: 'silence',
}

class Silence extends Error {
  readonly code = 'ESILENCE'
}

function fetchPath(agent: Agent, { address, port }: Question, path: string): Promise<string> {
  const host = isIPv6(address) ? `[${address}]` : address
  return new Promise((resolve, reject) => {
    const request = get(`http://${host}:${port}${path}`, { agent, timeout: patience }, response => {
      text(response).then(resolve, reject)
    })
    request.on('timeout', () => request.destroy(new Silence()))
    request.on('error', reject)
  })
}

async function askTcp(question: Question): Promise<[string, string]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    return [await fetchPath(agent, question, '/clientip'), await fetchPath(agent, question, '/hostname')]
  } finally {
    agent.destroy()
  }
}

function askUdp({ address, port }: Question): Promise<[string, string]> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const timers: NodeJS.Timeout[] = []
  const asked = new Promise<[string, string]>((resolve, reject) => {
    let seen: string | undefined
    const again = () => socket.send(seen === undefined ? 'clientip' : 'hostname')
    socket.on('message', message => {
      const answer = message.toString()
      // What was asked twice is answered twice; only the client's address has a port.
      if (seen !== undefined && !/:\d+$/.test(answer)) return resolve([seen, answer])
      const isFirst = seen === undefined
      seen = answer
      if (isFirst) again()
    })
    socket.on('error', reject)
    timers.push(setTimeout(() => reject(new Silence()), patience))
    // A connected socket hears of ICMP. A packet may be lost while the way is looked up: UDP's users ask again.
    socket.on('connect', () => {
      again()
      timers.push(setInterval(again, patience / 3))
    })
    socket.connect(port, address)
  })
  return asked.finally(() => {
    for (const timer of timers) clearTimeout(timer)
    socket.close()
  })
}

async function ask(question: Question): Promise<Answer> {
  const began = performance.now()
  const ms = () => Math.round(performance.now() - began)
  try {
    const [client, by] = await (question.protocol === 'tcp' ? askTcp(question) : askUdp(question))
    // address:port
    const seen = client
      .trim()
      .replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '')
    return { id: question.id, outcome: 'answer', seen, by: by.trim(), ms: ms() }
  } catch (error) {
    const code = codeOf(error)
    return { id: question.id, outcome: outcomes[code] ?? code, ms: ms() }
  }
}

/** So many at once: a flood would measure the switches' patience with new connections. */
const atOnce = 48

const questions: Question[] = JSON.parse(await text(process.stdin))
const answers: Answer[] = []
const asker = async () => {
  for (let next = questions.shift(); next !== undefined; next = questions.shift()) answers.push(await ask(next))
}
await Promise.all(Array.from({ length: atOnce }, asker))
process.stdout.write(JSON.stringify(answers))
process.exit()
