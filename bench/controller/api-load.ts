import { readFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'

/** Where the API is, and an admin's files. */
export interface ApiAccess {
  readonly server: string
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** What `https.request` wants to know of it. */
export function accessOptions({ server, ca, cert, key }: ApiAccess) {
  const { hostname: host, port } = new URL(server)
  return { host, port, ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) }
}

/**
 * A plain client for load: 32 kept connections of `https.Agent`, every answer parsed, no retries, nothing that the measured program uses. A client that does
 * less for a call would make the API look faster than a user of it can see.
 */
export class ApiLoad {
  readonly connections: number
  readonly #agent: Agent
  readonly #base: ReturnType<typeof accessOptions>

  constructor(access: ApiAccess, connections = 32) {
    this.connections = connections
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
    this.#base = accessOptions(access)
  }

  /** Resolves with the parsed answer; rejects at a status from 300 on, except 404 and 409. */
  call<T = unknown>(method: string, path: string, body?: unknown, type = 'application/json'): Promise<T> {
    const data = body === undefined ? undefined : JSON.stringify(body)
    const headers = data === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(data) }
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#base, agent: this.#agent, method, path, headers }, response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const status = response.statusCode ?? 0
          if (status < 300 || status === 404 || status === 409) resolve(JSON.parse(text))
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
