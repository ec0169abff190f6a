import type { Server } from 'node:http'
import type { ServiceFacts } from '@ovnkit/cni-service'
import { type EventRecorder, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import type { HostContext } from '../host/context.ts'
import { closeServer, type JsonAnswer, serveJson } from './http-server.ts'
import { readyHere } from './local-endpoints.ts'

export interface HealthPortOptions {
  readonly context: Pick<HostContext, 'services' | 'slices' | 'node'>
  /** Whether this node does for Services what it should. */
  readonly healthy: () => boolean
  readonly recorder: Pick<EventRecorder, 'event'>
  readonly logger: Logger
}

const retryMs = 5000

/**
 * `healthCheckNodePort` of Services with externalTrafficPolicy Local, where load balancers ask which nodes have endpoints. Each answer is made of what is known at
 * that moment. The form is kube-proxy's (pkg/proxy/healthcheck).
 */
export class HealthPorts implements Disposable {
  readonly #options: HealthPortOptions
  /** By port: whose it is, and the server once it listens. */
  readonly #open = new Map<number, { key: string; server?: Server }>()
  readonly #subscription: Disposable
  #retry: NodeJS.Timeout | undefined

  constructor(options: HealthPortOptions) {
    this.#options = options
    const { services } = options.context
    this.#subscription = services.subscribe((key, service, old) => this.#changed(key, service, old))
    for (const [key, service] of services.entries()) this.#changed(key, service, undefined)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#retry)
    this.#subscription[Symbol.dispose]()
    for (const port of [...this.#open.keys()]) this.#close(port)
  }

  #changed(key: string, service: ServiceFacts | undefined, old: ServiceFacts | undefined): void {
    const before = portOf(old)
    const after = portOf(service)
    if (before === after) return
    if (before !== 0 && this.#open.get(before)?.key === key) this.#close(before)
    if (after !== 0 && !this.#open.has(after)) void this.#listen(after, key)
  }

  #close(port: number): void {
    const server = this.#open.get(port)?.server
    this.#open.delete(port)
    if (server !== undefined) closeServer(server)
  }

  async #listen(port: number, key: string): Promise<void> {
    const own: { key: string; server?: Server } = { key }
    this.#open.set(port, own)
    try {
      const server = await serveJson({ port }, () => this.#answer(key))
      if (this.#open.get(port) === own) own.server = server
      else closeServer(server)
    } catch (error) {
      if (this.#open.get(port) === own) this.#failed(port, key, error)
    }
  }

  /** Somebody has the port: said where the Service's owner looks, and tried again. */
  #failed(port: number, key: string, error: unknown): void {
    this.#open.delete(port)
    const { context, recorder, logger } = this.#options
    const service = context.services.get(key)
    const message = `node ${context.node} cannot listen on healthCheckNodePort ${port}: ${error instanceof Error ? error.message : String(error)}`
    logger.warn({ service: key, port }, message)
    if (service === undefined) return
    const { namespace, name, uid } = service
    const note = { type: 'Warning', reason: 'FailedToStartServiceHealthcheck', message } as const
    recorder.event({ resource: resources.services, namespace, name, uid }, note)
    this.#retry ??= setTimeout(() => this.#tryAgain(), retryMs).unref()
  }

  #tryAgain(): void {
    this.#retry = undefined
    for (const [key, service] of this.#options.context.services.entries()) {
      const port = portOf(service)
      if (port !== 0 && !this.#open.has(port)) void this.#listen(port, key)
    }
  }

  #answer(key: string): JsonAnswer {
    const { context, healthy } = this.#options
    const service = context.services.get(key)
    const localEndpoints = service === undefined ? 0 : readyHere(context, key, service)
    const serviceProxyHealthy = healthy()
    const [namespace, name] = key.split('/')
    return {
      status: localEndpoints > 0 && serviceProxyHealthy ? 200 : 503,
      headers: { 'X-Load-Balancing-Endpoint-Weight': String(localEndpoints) },
      body: { service: { namespace, name }, localEndpoints, serviceProxyHealthy },
    }
  }
}

function portOf(service: ServiceFacts | undefined): number {
  return service?.type === 'LoadBalancer' && service.externalLocal ? service.healthCheckNodePort : 0
}
