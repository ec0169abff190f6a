import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP relay on a random loopback port whose connections can be cut, or go silent as when a network is gone. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** Breaks all connections; new ones work. */
  cut(): void
  /** Nothing passes any more in either direction, and nobody is told; new connections go silent as well. */
  freeze(): void
  /** New connections work again; those that were frozen stay so. */
  thaw(): void
  /** Connections accepted so far. */
  readonly accepted: number
}

export async function startTcpProxy(targetPort: number, host = '127.0.0.1'): Promise<TcpProxy> {
  const proxy = new RunningProxy(targetPort, host)
  await proxy.listen()
  return proxy
}

class RunningProxy implements TcpProxy {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #frozen = false
  accepted = 0

  constructor(targetPort: number, host: string) {
    this.#server = createServer(client => this.#relay(client, connect(targetPort, host)))
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return address.port
  }

  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  freeze(): void {
    this.#frozen = true
    for (const pair of this.#pairs) silence(pair)
  }

  thaw(): void {
    this.#frozen = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #relay(client: Socket, server: Socket): void {
    this.accepted++
    const pair = [client, server] as const
    this.#pairs.add(pair)
    client.pipe(server)
    server.pipe(client)
    for (const socket of pair) {
      socket.on('error', () => {})
      socket.on('close', () => {
        for (const other of pair) other.destroy()
        this.#pairs.delete(pair)
      })
    }
    if (this.#frozen) silence(pair)
  }
}

function silence([client, server]: readonly [Socket, Socket]): void {
  client.unpipe(server)
  server.unpipe(client)
  client.pause()
  server.pause()
}
