import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { temporaryFolder } from './folder.ts'

/** A byte pipe between client and server whose faults are up to the test. */
export interface FaultyLine extends AsyncDisposable {
  /** TCP port on 127.0.0.1 that stands for the server's. */
  readonly port: number
  /** Path of a unix socket that does, too. */
  readonly path: string
  /** The same as an OVSDB remote: `unix:PATH`. */
  readonly remote: string
  /** Connections accepted so far. */
  readonly accepted: number
  /** Bytes that went from the server to clients. */
  readonly delivered: number
  /** Nothing passes any more, in both directions, and nobody notices: a half-open connection. */
  freeze(): void
  /** Lets what was held back pass, and all that follows. */
  thaw(): void
  /** Breaks all connections; new ones work. */
  cut(): void
  /** Breaks all connections and refuses new ones until {@link mend}. */
  breakDown(): void
  mend(): void
  /** Delivers what comes from the server in pieces of that many bytes; 0 = as it comes. */
  pieces(bytes: number): void
  /** Delivers that many bytes from the server every so many milliseconds, as a slow line does; 0 = no longer. */
  trickle(bytes: number, milliseconds: number): void
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** @param target the server: a TCP port on 127.0.0.1, or a unix socket's path, also written as `unix:PATH` */
export async function startFaultyLine(target: number | string): Promise<FaultyLine> {
  const line = new RunningLine(target, await temporaryFolder())
  await line.listen()
  return line
}

class RunningLine implements FaultyLine {
  readonly path: string
  readonly #target: number | string
  readonly #folder: string
  readonly #servers: readonly Server[]
  readonly #pairs = new Set<Pair>()
  #frozen = false
  #broken = false
  #pieces = 0
  #line: { readonly bytes: number; readonly milliseconds: number } | undefined
  #lineFree: Promise<void> = Promise.resolve()
  accepted = 0
  delivered = 0

  constructor(target: number | string, folder: string) {
    this.#target = target
    this.#folder = folder
    this.path = `${folder}/line.sock`
    this.#servers = [1, 2].map(() => createServer({ pauseOnConnect: true }, client => this.#accept(client)))
  }

  async listen(): Promise<void> {
    const [tcp, unix] = this.#servers
    tcp?.listen(0, '127.0.0.1')
    unix?.listen(this.path)
    await Promise.all(this.#servers.map(server => once(server, 'listening')))
  }

  get port(): number {
    const address = this.#servers[0]?.address()
    if (typeof address !== 'object' || address === null) throw new Error('the line does not listen')
    return address.port
  }

  get remote(): string {
    return `unix:${this.path}`
  }

  freeze(): void {
    this.#frozen = true
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
  }

  thaw(): void {
    this.#frozen = false
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  breakDown(): void {
    this.#broken = true
    this.cut()
  }

  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy()
      server.destroy()
    }
  }

  mend(): void {
    this.#broken = false
  }

  pieces(bytes: number): void {
    this.#pieces = bytes
  }

  trickle(bytes: number, milliseconds: number): void {
    this.#line = bytes === 0 ? undefined : { bytes, milliseconds }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await Promise.all(this.#servers.map(server => new Promise(resolve => server.close(resolve))))
    await rm(this.#folder, { recursive: true, force: true })
  }

  #accept(client: Socket): void {
    if (this.#broken) {
      client.destroy()
      return
    }
    this.accepted++
    const server = open(this.#target)
    const pair = { client, server }
    this.#pairs.add(pair)
    client.on('data', chunk => server.write(chunk))
    server.on('data', chunk => this.#deliver(client, chunk))
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        other.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (!this.#frozen) client.resume()
  }

  #deliver(client: Socket, chunk: Buffer): void {
    this.delivered += chunk.length
    const line = this.#line
    if (line !== undefined) {
      this.#lineFree = this.#lineFree.then(() => writeSlowly(client, chunk, line.bytes, line.milliseconds))
      return
    }
    const size = this.#pieces === 0 ? chunk.length : this.#pieces
    for (let at = 0; at < chunk.length; at += size) client.write(chunk.subarray(at, at + size))
  }
}

function open(target: number | string): Socket {
  return typeof target === 'number' ? connect(target, '127.0.0.1') : connect({ path: target.replace(/^unix:/, '') })
}

async function writeSlowly(client: Socket, chunk: Buffer, bytes: number, milliseconds: number): Promise<void> {
  for (let at = 0; at < chunk.length && !client.destroyed; at += bytes) {
    client.write(chunk.subarray(at, at + bytes))
    await new Promise(resolve => setTimeout(resolve, milliseconds))
  }
}
