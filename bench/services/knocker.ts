/**
 * Knocks at addresses. Reads lines `ADDRESS PORT open|start|shut`; for each of them it tries every 5 ms to make a connection, and prints milliseconds since the epoch. `open`: when the first one was
 * made, and since when there was a way at all; `start`: the same in a network that is only being made; `shut`: when the last one was made before none was for a second. A refusal is asked again at once, silence is not waited for.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const every = 5
const silence = 1000

const now = () => performance.timeOrigin + performance.now()

/** Knocks until it is stopped; tells of each connection, and of each try that had no way to go. */
function knocking(host: string, port: number, made: () => void, noWay: (began: number) => void = () => undefined) {
  const open = new Set<Socket>()
  const one = () => {
    const began = now()
    const socket = connect({ host, port })
    open.add(socket)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      open.delete(socket)
      if (error.code === 'ENETUNREACH') noWay(began)
    })
    socket.on('connect', () => {
      open.delete(socket)
      socket.destroy()
      made()
    })
    // A knock that gets no answer would come again after a second: younger ones are there by then.
    const [oldest] = open
    if (open.size > 50 && oldest !== undefined) {
      open.delete(oldest)
      oldest.destroy()
    }
  }
  const timer = setInterval(one, every)
  one()
  return () => {
    clearInterval(timer)
    for (const each of open) each.destroy()
    open.clear()
  }
}

const neighbours = '/proc/sys/net/ipv4/neigh'
const hurried = new Set<string>()

/** The kernel asks for a neighbour once a second, and the first time before the pod's ADD is done: who waits for that measures the kernel's second. */
function askNeighboursOften(): void {
  for (const link of readdirSync(neighbours)) {
    if (link === 'lo' || link === 'default' || hurried.has(link)) continue
    writeFileSync(`${neighbours}/${link}/retrans_time_ms`, String(every))
    hurried.add(link)
  }
}

async function untilStarted(host: string, port: number): Promise<string> {
  const hurry = setInterval(askNeighboursOften, 1)
  try {
    return await untilOpen(host, port)
  } finally {
    clearInterval(hurry)
  }
}

function untilOpen(host: string, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let routed = now()
  const stop = knocking(
    host,
    port,
    () => {
      resolve(`${now()} ${routed}`)
      stop()
    },
    began => {
      routed = Math.max(routed, began + every)
    },
  )
  return promise
}

function untilShut(host: string, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let last = now()
  const stop = knocking(host, port, () => {
    last = now()
  })
  const timer = setInterval(() => {
    if (now() - last < silence) return
    clearInterval(timer)
    stop()
    resolve(String(last))
  }, every)
  return promise
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [host = '', port = '', until = ''] = line.split(' ')
  const find = { open: untilOpen, start: untilStarted, shut: untilShut }[until]
  if (find === undefined) throw new Error(`expected open, start or shut; got ${until}`)
  const found = await find(host, Number(port))
  process.stdout.write(`${found}\n`)
}
