import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'

/** A byte pipe between client and server whose faults are up to the test. */
export interface TestProxy extends AsyncDisposable {
  /** `unix:` remote that stands for the server. */
  readonly remote: string
  /** Connections accepted so far. */
  readonly accepted: number
  /** Bytes that went from the server to clients. */
  readonly delivered: number
  /** Nothing passes any more, in both directions, and nobody notices: a half-open connection. */
  freeze(): void
  /** Lets what was held back pass, and all that follows. */
  thaw(): void
  /** Breaks all connections and refuses new ones until {@link mend}. */
  cut(): void
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

/** Starts a proxy in front of a `unix:` remote. */
export async function startProxy(target: string): Promise<TestProxy> {
  const dir = await mkdtemp(`${tmpdir()}/proxy-`)
  const proxy = new RunningProxy(target.replace(/^unix:/, ''), dir)
  await proxy.listen()
  return proxy
}

class RunningProxy implements TestProxy {
  readonly #target: string
  readonly #dir: string
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #frozen = false
  #broken = false
  #pieces = 0
  #line: { readonly bytes: number; readonly milliseconds: number } | undefined
  #lineFree: Promise<void> = Promise.resolve()
  accepted = 0
  delivered = 0

  constructor(target: string, dir: string) {
    this.#target = target
    this.#dir = dir
    this.#server = createServer({ pauseOnConnect: true }, client => this.#accept(client))
  }

  get remote(): string {
    return `unix:${this.#dir}/proxy.sock`
  }

  listen(): Promise<void> {
    return new Promise(resolve => this.#server.listen(`${this.#dir}/proxy.sock`, resolve))
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

  cut(): void {
    this.#broken = true
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
    await new Promise(resolve => this.#server.close(resolve))
    await rm(this.#dir, { recursive: true, force: true })
  }

  #accept(client: Socket): void {
    if (this.#broken) {
      client.destroy()
      return
    }
    this.accepted++
    const server = connect({ path: this.#target })
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

async function writeSlowly(client: Socket, chunk: Buffer, bytes: number, milliseconds: number): Promise<void> {
  for (let at = 0; at < chunk.length && !client.destroyed; at += bytes) {
    client.write(chunk.subarray(at, at + bytes))
    await new Promise(resolve => setTimeout(resolve, milliseconds))
  }
}
