import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { type AgentRequest, type AgentResponse, agentVerbs, cniErrors } from '@ovnkit/cni-api/agent-socket'
import type { Gauge, Histogram, Logger, Metrics } from '@ovnkit/process'
import { CniError, failureOf } from './cni-error.ts'
import type { Commands } from './commands.ts'

export interface CniServerOptions {
  readonly path: string
  readonly commands: Commands
  /** Longest time for a command, milliseconds. */
  readonly timeout: number
  readonly logger: Logger
  readonly metrics: Metrics
  /** The agent is about to end: what still waits for something is answered with 11. */
  readonly signal: AbortSignal
}

const MAX_BODY = 16 * 1024 * 1024

/** Serve the plugin on a unix socket that only root can use. */
export async function startCniServer(options: CniServerOptions): Promise<AsyncDisposable> {
  const duration = options.metrics.histogram({
    name: 'cni_request_duration_seconds',
    help: 'Time that a CNI command took in the agent.',
    labels: ['command', 'code'],
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120],
  })
  const inFlight = options.metrics.gauge({ name: 'cni_requests_in_flight', help: 'CNI commands that are worked on.' })
  inFlight.set(0)
  const series = { duration, inFlight }
  const server = createServer((request, response) => void serve(options, series, request, response))
  // The plugin's own deadline is the shorter one.
  server.requestTimeout = 0
  listenPrivately(server, options.path)
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
    },
  }
}

/** Nobody else may connect even for the moment between bind and chmod: the folder is closed to others as well. */
function listenPrivately(server: Server, path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  const before = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(before)
  }
  chmodSync(path, 0o600)
}

interface Series {
  readonly duration: Histogram
  readonly inFlight: Gauge
}

async function serve(
  options: CniServerOptions,
  { duration, inFlight }: Series,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const start = performance.now()
  const verb = request.url?.replace('/cni/', '') ?? ''
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  inFlight.add(1)
  const answer = await answerTo(options, verb, request, gone.signal)
  inFlight.add(-1)
  const code = 'error' in answer ? answer.error.code : 0
  duration.observe((performance.now() - start) / 1000, { command: verb, code })
  const body = JSON.stringify(answer)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
}

async function answerTo(
  { commands, timeout, logger, signal: ending }: CniServerOptions,
  verb: string,
  request: IncomingMessage,
  gone: AbortSignal,
): Promise<AgentResponse> {
  let body: AgentRequest | undefined
  try {
    body = parseRequest(request.method, verb, await readBody(request))
    const signal = AbortSignal.any([gone, ending, AbortSignal.timeout(timeout)])
    const result = await run(commands, verb, body, signal)
    logger.debug({ verb, pod: podName(body), container: body.containerID }, 'done')
    return { result }
  } catch (err) {
    const error = failureOf(err)
    const level = error.code === cniErrors.internal ? 'error' : 'warn'
    logger[level](
      { verb, pod: podName(body), container: body?.containerID, ...error, ...(level === 'error' && { err }) },
      error.msg,
    )
    return { error }
  }
}

function run(commands: Commands, verb: string, request: AgentRequest, signal: AbortSignal) {
  switch (verb) {
    case 'add':
      return commands.add(request, signal)
    case 'del':
      return commands.del(request, signal)
    case 'check':
      return commands.check(request, signal)
    case 'gc':
      return commands.gc(request)
    default:
      return commands.status()
  }
}

function parseRequest(method: string | undefined, verb: string, text: string): AgentRequest {
  if (method !== 'POST' || !agentVerbs.some(known => known === verb)) {
    const known = agentVerbs.map(each => `/cni/${each}`).join(', ')
    throw new CniError(cniErrors.invalidConfig, `expected POST to one of ${known}, got ${method} /cni/${verb}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CniError(cniErrors.decode, 'the request is no JSON', String(error))
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY) throw new CniError(cniErrors.io, `the request is larger than ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function podName(request: AgentRequest | undefined): string {
  return `${request?.podNamespace ?? ''}/${request?.podName ?? ''}`
}
