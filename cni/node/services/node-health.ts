import type { Server } from 'node:http'
import { type Logger, parseListenAddress } from '@ovnkit/process'
import { closeServer, type JsonAnswer, serveJson } from './http-server.ts'

export interface NodeHealthOptions {
  /** `:10256`. */
  readonly address: string
  readonly healthy: () => boolean
  /** Whether load balancers may send new connections to this node. */
  readonly eligible: () => boolean
  readonly logger: Logger
  readonly now?: () => Date
}

const retryMs = 10_000

/**
 * Where load balancers ask whether a node serves Services with externalTrafficPolicy Cluster: `/healthz`, also 503 while the node is about to go (KEP-3836), and
 * `/livez`. Port and form are kube-proxy's, since that is what they are set to ask.
 */
export class NodeHealth implements Disposable {
  readonly #options: NodeHealthOptions
  #server: Server | undefined
  #retry: NodeJS.Timeout | undefined
  #disposed = false
  #said = false
  #lastHealthy: Date

  constructor(options: NodeHealthOptions) {
    this.#options = options
    this.#lastHealthy = this.#now()
    void this.#listen()
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    clearTimeout(this.#retry)
    if (this.#server !== undefined) closeServer(this.#server)
  }

  async #listen(): Promise<void> {
    const { address, logger } = this.#options
    try {
      const server = await serveJson(parseListenAddress(address), path => this.#answer(path))
      if (this.#disposed) closeServer(server)
      else this.#server = server
    } catch (err) {
      if (!this.#said)
        logger.warn({ err, address }, 'cannot serve /healthz for load balancers; is a kube-proxy running?')
      this.#said = true
      if (!this.#disposed) this.#retry = setTimeout(() => void this.#listen(), retryMs).unref()
    }
  }

  #answer(path: string): JsonAnswer {
    if (path !== '/healthz' && path !== '/livez') return { status: 404, body: { expected: ['/healthz', '/livez'] } }
    const healthy = this.#options.healthy()
    const now = this.#now()
    if (healthy) this.#lastHealthy = now
    const body = { lastUpdated: this.#lastHealthy.toISOString(), currentTime: now.toISOString() }
    if (path === '/livez') return { status: healthy ? 200 : 503, body }
    const nodeEligible = this.#options.eligible()
    return { status: healthy && nodeEligible ? 200 : 503, body: { ...body, nodeEligible } }
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date()
  }
}
