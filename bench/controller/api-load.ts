import { readFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'

/** A plain client for load: 32 kept connections, no retries, nothing that the measured program uses. */
export class ApiLoad {
  readonly connections: number
  readonly #agent: Agent
  readonly #base: {
    readonly host: string
    readonly port: string
    readonly ca: Buffer
    readonly cert: Buffer
    readonly key: Buffer
  }

  constructor(plane: { server: string; ca: string; cert: string; key: string }, connections = 32) {
    const url = new URL(plane.server)
    this.connections = connections
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
    this.#base = {
      host: url.hostname,
      port: url.port,
      ca: readFileSync(plane.ca),
      cert: readFileSync(plane.cert),
      key: readFileSync(plane.key),
    }
  }

  /** Resolves with the answer's text; rejects at a status from 300 on, except 404 and 409. */
  call(method: string, path: string, body?: unknown, type = 'application/json'): Promise<string> {
    const data = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers = data === undefined ? {} : { 'content-type': type, 'content-length': data.length }
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#base, agent: this.#agent, method, path, headers }, response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const status = response.statusCode ?? 0
          if (status < 300 || status === 404 || status === 409) resolve(text)
          else reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 200)}`))
        })
      })
      request.on('error', reject)
      request.end(data)
    })
  }

  /** Runs `work` for every item, as many at once as there are connections. */
  async each<T>(items: readonly T[], work: (item: T, index: number) => Promise<unknown>): Promise<void> {
    let next = 0
    const worker = async () => {
      for (let i = next++; i < items.length; i = next++) await work(items[i] as T, i)
    }
    await Promise.all(Array.from({ length: this.connections }, worker))
  }
}
