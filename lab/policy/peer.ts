/**
 * Stands in the network that it runs in, a pod's or a machine's, and does both: `node peer.ts NAME TCP,TCP... UDP,UDP... [ADDRESS...]`
 * answers every connection to its ports with its name and the asker's address, and asks others. A line of standard input is
 * `{"ask": [[id, protocol, address, port], ...]}` or `{"stop": true}`: forget who has not answered. A line of standard output is
 * `[[id, outcome, by, seen, ms], ...]`, or `"all asked"`; silence is not told. With ADDRESSes, UDP is served on them alone: a machine of several addresses
 * would answer from another one.
 */
import { createSocket } from 'node:dgram'
import { connect, createServer, isIPv6 } from 'node:net'
import { createInterface } from 'node:readline'

type Question = readonly [id: number, protocol: 'TCP' | 'UDP', address: string, port: number]

const [name = '', tcpPorts = '', udpPorts = '', ...addresses] = process.argv.slice(2)
const numbers = (text: string) => (text === '' ? [] : text.split(',').map(Number))
const plain = (address: string | undefined) => (address ?? '').replace(/^::ffff:/, '')

for (const port of numbers(tcpPorts)) {
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.end(`${name} ${plain(socket.remoteAddress)}\n`)
  })
  server.on('error', fail)
  server.listen(port)
}
const udpAddresses = addresses.length > 0 ? addresses : ['0.0.0.0', '::']
for (const port of numbers(udpPorts)) {
  for (const address of udpAddresses) {
    const server = createSocket(isIPv6(address) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' })
    server.on('message', (_, { address: from, port: to }) => server.send(`${name} ${from}`, to, from))
    server.on('error', error => {
      // A node of one family has no other.
      if (Reflect.get(error, 'code') !== 'EAFNOSUPPORT' && address !== '::') fail(error)
    })
    server.bind(port, address)
  }
}

function fail(error: Error): void {
  process.stderr.write(`${name}: ${error.message}\n`)
  process.exit(1)
}

/** What closes a question that is open. */
const open = new Map<number, () => void>()
let answers: unknown[][] = []

function tell(id: number, outcome: string, began: number, text = ''): void {
  const close = open.get(id)
  if (close === undefined) return
  open.delete(id)
  close()
  const [by = '', seen = ''] = text.trim().split(' ')
  if (answers.length === 0) setTimeout(flush, 10)
  answers.push([id, outcome, by, seen, Math.round((performance.now() - began) * 10) / 10])
}

function flush(): void {
  process.stdout.write(`${JSON.stringify(answers)}\n`)
  answers = []
}

function askTcp([id, , address, port]: Question): () => void {
  const began = performance.now()
  const socket = connect({ host: address, port })
  socket.on('data', data => tell(id, 'answer', began, String(data)))
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // The kernel's own patience with silence: a connection's, and a neighbour's on a machine that is too busy to answer for it.
    if (error.code !== 'ETIMEDOUT' && error.code !== 'EHOSTUNREACH') tell(id, error.code ?? error.message, began)
  })
  socket.on('end', () => tell(id, 'closed', began))
  return () => socket.resetAndDestroy()
}

// Every UDP question has a source port that none had for long: what connection tracking knows of an older one would let it pass.
const [firstPort, lastPort] = [20_000, 32_000]
let sourcePort = firstPort + Math.floor(Math.random() * (lastPort - firstPort))

/** A datagram may be lost while its way is looked up: UDP's users ask again. */
const askAgainAfter = [200, 800]

function askUdp([id, , address, port]: Question): () => void {
  const began = performance.now()
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const send = () => socket.send('?', port, address, () => undefined)
  const timers = askAgainAfter.map(after => setTimeout(send, after))
  socket.on('message', message => tell(id, 'answer', began, String(message)))
  socket.on('error', (error: NodeJS.ErrnoException) => tell(id, error.code ?? error.message, began))
  sourcePort = sourcePort === lastPort ? firstPort : sourcePort + 1
  socket.bind(sourcePort, send)
  return () => {
    timers.forEach(clearTimeout)
    socket.close()
  }
}

/** Questions that are young at a time, and milliseconds of youth: a flood would fill the switch's queues, and answers set the pace. */
const [together, youth] = [6, 100]
let waiting: Question[] = []
let young = 0

function ask(questions: readonly Question[]): void {
  waiting.push(...questions)
  askMore()
}

function askMore(): void {
  while (young < together) {
    const next = waiting.shift()
    if (next === undefined) break
    askOne(next)
    if (waiting.length === 0) process.stdout.write('"all asked"\n')
  }
}

function askOne(question: Question): void {
  let isYoung = true
  young += 1
  const grown = () => {
    if (!isYoung) return
    isYoung = false
    young -= 1
    clearTimeout(timer)
    askMore()
  }
  const timer = setTimeout(grown, youth)
  const [id, protocol] = question
  const close = (protocol === 'TCP' ? askTcp : askUdp)(question)
  open.set(id, () => {
    close()
    grown()
  })
}

function stop(): void {
  waiting = []
  for (const close of open.values()) close()
  open.clear()
}

process.stdout.write('[]\n')
for await (const line of createInterface({ input: process.stdin })) {
  const { ask: questions } = JSON.parse(line)
  if (questions === undefined) stop()
  else ask(questions)
}
process.exit()
