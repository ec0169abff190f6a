/**
 * Two ends of a path. `peer.ts serve`: answers each byte with a byte (port 9001), and swallows what comes and says how much it was (port 9002), at every address. Otherwise reads
 * lines of JSON `{"kind": "rr" | "stream", "address": "...", "ms": 2000}` and answers each with one line: latencies in microseconds of questions asked one after
 * another on one connection; or bytes that the other end has confirmed, and the time until it did.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const ports = { rr: 9001, stream: 9002 } as const
const block = Buffer.alloc(128 * 1024)

function serve(): void {
  createServer(socket => {
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', data => socket.write(data))
  }).listen(ports.rr, '::')
  createServer({ allowHalfOpen: true }, socket => {
    let bytes = 0
    socket.on('error', () => undefined)
    socket.on('data', data => {
      bytes += data.length
    })
    socket.on('end', () => socket.end(`${bytes}`))
  }).listen(ports.stream, '::')
}

async function open(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  return socket
}

async function askOneByOne(address: string, ms: number): Promise<object> {
  const socket = await open(address, ports.rr)
  const latencies: number[] = []
  const end = performance.now() + ms
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let asked = 0
  const ask = () => {
    asked = performance.now()
    socket.write('x')
  }
  socket.on('error', reject)
  socket.on('data', () => {
    const now = performance.now()
    latencies.push(Math.round((now - asked) * 1000))
    if (now < end) ask()
    else resolve()
  })
  ask()
  await promise
  socket.destroy()
  return { latencies }
}

async function stream(address: string, ms: number): Promise<object> {
  const socket = await open(address, ports.stream)
  const began = performance.now()
  const said = once(socket, 'data')
  while (performance.now() - began < ms) if (!socket.write(block)) await once(socket, 'drain')
  socket.end()
  const [answer] = await said
  return { bytes: Number(String(answer)), ms: performance.now() - began }
}

async function answerQuestions(): Promise<void> {
  process.stdout.write('"ready"\n')
  for await (const line of createInterface({ input: process.stdin })) {
    const { kind, address, ms } = JSON.parse(line)
    const answer = kind === 'rr' ? await askOneByOne(address, ms) : await stream(address, ms)
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}

if (process.argv[2] === 'serve') serve()
else await answerQuestions()
