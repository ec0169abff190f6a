import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { parseListenAddress } from './listen.ts'
import type { Logger } from './logger.ts'
import type { RenderedMetrics } from './metrics.ts'

/** What is wrong now, one sentence each; empty when nothing is. */
export type Check = () => readonly string[] | Promise<readonly string[]>

export interface AdminOptions {
  /** `:8080`, `127.0.0.1:8080`, `[::1]:8080`; port 0 lets the system choose. */
  readonly address: string
  readonly logger: Logger
  /** Serves `/metrics`. */
  readonly metrics?: RenderedMetrics
  /** Serves `/readyz`: 200 `ok`, or 503 with the problems, one a line. */
  readonly ready?: Check
  /** Serves `/healthz` likewise. Problems here get the process restarted: only what a restart can mend belongs here. */
  readonly live?: Check
}

export interface AdminServer extends AsyncDisposable {
  readonly port: number
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/**
 * Serve what operators ask a process over HTTP: `/metrics`, `/healthz`, `/readyz`, and `/loglevel`, which GET reads and
 * PUT sets (body: the level's name; only from the machine itself, since these ports are open to the network).
 */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const routes = routesOf(options)
  const server = createServer((request, response) => {
    const handler = routes.get(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (handler === undefined) return answer(response, 404, `expected one of ${[...routes.keys()].join(' ')}`)
    void serve(handler, request, response, options.logger)
  })
  server.keepAliveTimeout = 30_000
  server.listen(parseListenAddress(options.address))
  await once(server, 'listening')
  return { port: portOf(server), [Symbol.asyncDispose]: () => close(server) }
}

async function serve(handler: Handler, request: IncomingMessage, response: ServerResponse, logger: Logger) {
  try {
    await handler(request, response)
  } catch (err) {
    logger.warn({ err, url: request.url }, 'could not answer a request')
    if (!response.headersSent) answer(response, 500, 'internal error; the log has the cause')
  }
}

function routesOf({ logger, metrics, ready, live }: AdminOptions): Map<string, Handler> {
  const routes = new Map<string, Handler>([['/loglevel', logLevelHandler(logger)]])
  if (metrics) {
    routes.set('/metrics', async (_, response) => {
      const text = await metrics.render()
      answer(response, 200, text, metrics.contentType)
    })
  }
  if (ready) routes.set('/readyz', checkHandler(ready))
  if (live) routes.set('/healthz', checkHandler(live))
  return routes
}

function checkHandler(check: Check): Handler {
  return async (_, response) => {
    const problems = await check()
    answer(response, problems.length === 0 ? 200 : 503, problems.length === 0 ? 'ok' : problems.join('\n'))
  }
}

function logLevelHandler(logger: Logger): Handler {
  return async (request, response) => {
    if (request.method === 'GET') return answer(response, 200, logger.level)
    if (request.method !== 'PUT') return answer(response, 405, 'expected GET or PUT')
    if (!isLoopback(request.socket.remoteAddress)) {
      return answer(response, 403, 'the level can be changed from the machine itself only')
    }
    const level = (await readBody(request, 64)).trim()
    try {
      logger.level = level
    } catch (error) {
      return answer(response, 400, String(error))
    }
    logger.info({ level }, 'log level changed')
    answer(response, 200, level)
  }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address)
}

async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > limit) break
  }
  return text
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  const body = text.endsWith('\n') ? text : `${text}\n`
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('expected a TCP server')
  return address.port
}

async function close(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  if (server.listening) await once(server, 'close')
}
