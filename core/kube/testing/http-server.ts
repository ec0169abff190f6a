import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'

/** A plain HTTP server for what a real API server can't be made to answer. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** `METHOD /path?query` of what came so far. */
  readonly requests: readonly string[]
  readonly server: Server
}

export async function startHttpServer(listener: RequestListener): Promise<ScriptedServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  const end = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${address.port}`, port: address.port, requests, server, [Symbol.asyncDispose]: end }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
