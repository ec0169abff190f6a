/** Where a server listens. */
export type Remote =
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** A list of remotes, and the cluster they have to belong to if the list pins it. */
export interface RemoteList {
  readonly remotes: readonly Remote[]
  readonly cid: string | undefined
}

/** A remote that can't be understood; the message says which and what was expected. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly code = 'remote'
}

const DEFAULT_PORT = 6640
/** A comma separates only in front of `letters:`, so paths may contain commas (ovsdb(7), "Connection Methods"). */
const SEPARATOR = /,\s*(?=[a-z]+:)/i
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const BRACKETED = /^\[([^\]]+)\](?::(.*))?$/

/** Parses `tcp:host:port`, `ssl:host:port`, `unix:path` and `cid:uuid`, one, several with commas, or a list. Throws RemoteError. */
export function parseRemotes(text: string | readonly string[]): RemoteList {
  const parts = (typeof text === 'string' ? [text] : text).flatMap(item => item.trim().split(SEPARATOR))
  const items = parts.map(part => part.trim()).filter(part => part !== '')
  const pins = items.filter(item => item.startsWith('cid:')).map(parseCid)
  if (pins.length > 1) throw new RemoteError(`expected at most one cid:, got ${pins.join(', ')}`)
  return { remotes: items.filter(item => !item.startsWith('cid:')).map(parseRemote), cid: pins[0] }
}

/** Parses one remote. Throws RemoteError. */
export function parseRemote(text: string): Remote {
  const colon = text.indexOf(':')
  const kind = text.slice(0, colon)
  const rest = text.slice(colon + 1)
  if (rest.startsWith('//')) throw invalid(text, `write ${kind}:${rest.slice(2)}, OVSDB remotes are no URLs`)
  switch (kind) {
    case 'unix':
      if (rest === '') throw invalid(text, 'the path is missing')
      return { kind, path: rest }
    case 'tcp':
    case 'ssl':
      return { kind, ...parseHostPort(text, rest) }
    default:
      throw invalid(text, 'expected tcp:host:port, ssl:host:port or unix:path')
  }
}

/** The canonical text of a remote. */
export function formatRemote(remote: Remote): string {
  if (remote.kind === 'unix') return `unix:${remote.path}`
  const host = remote.host.includes(':') ? `[${remote.host}]` : remote.host
  return `${remote.kind}:${host}:${remote.port}`
}

function parseHostPort(text: string, rest: string): { readonly host: string; readonly port: number } {
  const bracketed = BRACKETED.exec(rest)
  const [host = '', port, ...more] = bracketed === null ? rest.split(':') : [bracketed[1], bracketed[2]]
  if (more.length > 0) throw invalid(text, 'put IPv6 addresses into brackets')
  if (host === '') throw invalid(text, 'the host is missing')
  return { host, port: port === undefined ? DEFAULT_PORT : parsePort(text, port) }
}

function parsePort(text: string, port: string): number {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0
  if (number < 1 || number > 65535) throw invalid(text, `expected a port from 1 to 65535, got "${port}"`)
  return number
}

function parseCid(item: string): string {
  const cid = item.slice('cid:'.length)
  if (!UUID.test(cid)) throw invalid(item, 'expected cid: with the UUID of a cluster')
  return cid.toLowerCase()
}

function invalid(text: string, why: string): RemoteError {
  return new RemoteError(`invalid remote "${text}": ${why}`)
}
