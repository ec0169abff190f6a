import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Ports that this process has given already: the server that asked may not listen yet. */
const given = new Set<number>()
const lowest = 10_000

/**
 * A TCP port on `host` that is free, for a server that starts a moment later. It lies below those that the kernel gives to
 * outgoing connections (ip_local_port_range of ip(7)): between our look and the server's start thousands of them come and go.
 * @throws Error when a hundred tries found none
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const end = firstEphemeral()
  for (let tries = 0; tries < 100; tries++) {
    const port = lowest + Math.floor(Math.random() * (end - lowest))
    if (given.has(port) || !(await isFree(port, host))) continue
    given.add(port)
    return port
  }
  throw new Error(`found no free port on ${host} between ${lowest} and ${end}`)
}

function firstEphemeral(): number {
  const [first = ''] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)
  return Math.max(Number(first), lowest + 1000)
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
