import { once } from 'node:events'
import { createServer, type Server } from 'node:http'

export interface JsonAnswer {
  readonly status: 200 | 404 | 503
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Answers GET with JSON. Connections are closed after each answer, so that nobody keeps one to a port that is given up.
 * @param where without a host: all addresses of both families
 * @throws the error of listen(2), for example that the port is in use
 */
export async function serveJson(
  where: { readonly host?: string; readonly port: number },
  answer: (path: string) => JsonAnswer,
): Promise<Server> {
  const server = createServer((request, response) => {
    const { status, body, headers } = answer(new URL(request.url ?? '/', 'http://localhost').pathname)
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
      Connection: 'close',
      ...headers,
    })
    response.end(JSON.stringify(body))
  })
  server.listen(where)
  await once(server, 'listening')
  return server
}

export function closeServer(server: Server): void {
  server.close()
  server.closeAllConnections()
}
