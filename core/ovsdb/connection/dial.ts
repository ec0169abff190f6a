import { once } from 'node:events'
import { connect as connectNet, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Remote } from './remote.ts'
import { loadIdentity, saveCa } from './tls.ts'
import type { TlsFiles } from './types.ts'

/** Opens a byte stream to a server; rejects if that fails or `signal` aborts first. */
export type Dial = (remote: Remote, tls: TlsFiles | undefined, signal: AbortSignal) => Promise<Duplex>

/** Dials over a socket: names are resolved (all their addresses are tried), TLS handshakes are complete when it resolves. */
export const dial: Dial = async (remote, tls, signal) => {
  switch (remote.kind) {
    case 'unix':
      return established(connectNet({ path: remote.path }), 'connect', signal)
    case 'tcp':
      return established(connectNet({ host: remote.host, port: remote.port, noDelay: true }), 'connect', signal)
    case 'ssl':
      if (tls === undefined) throw new Error('ssl: remotes need the option tls (ca, cert, key)')
      return dialTls(remote, tls, signal)
  }
}

async function dialTls(
  remote: { readonly host: string; readonly port: number },
  files: TlsFiles,
  signal: AbortSignal,
): Promise<Duplex> {
  const { options, bootstrap } = await loadIdentity(files, remote.host)
  const socket = connectTls({ ...options, host: remote.host, port: remote.port })
  socket.setNoDelay(true)
  await established(socket, 'secureConnect', signal)
  if (!bootstrap) return socket
  try {
    await saveCa(socket, files.ca)
  } finally {
    socket.destroy()
  }
  return dialTls(remote, { ...files, bootstrapCa: false }, signal)
}

async function established<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  try {
    await once(socket, event, { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}
