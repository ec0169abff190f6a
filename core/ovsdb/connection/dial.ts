import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { established } from './established.ts'
import type { Remote } from './remote.ts'
import { explainTls } from './tls-files.ts'
import type { TlsFiles } from './types.ts'

/** Opens a byte stream to a server; rejects if that fails or `signal` aborts first. */
export type Dial = (remote: Remote, tls: TlsFiles | undefined, signal: AbortSignal) => Promise<Duplex>

/** Dials over a socket: names are resolved (all their addresses are tried), TLS handshakes are complete when it resolves. */
export const dial: Dial = async (remote, tls, signal) => {
  switch (remote.kind) {
    case 'unix':
      return established(connect({ path: remote.path }), 'connect', signal)
    case 'tcp':
      return established(connect({ host: remote.host, port: remote.port, noDelay: true }), 'connect', signal)
    case 'ssl':
      if (tls === undefined) throw new Error('ssl: remotes need the option tls (ca, cert, key)')
      // Loaded when needed: TLS costs every other client some milliseconds at its start.
      return dialExplained(remote, tls, signal)
  }
}

async function dialExplained(remote: Remote & { kind: 'ssl' | 'tcp' }, tls: TlsFiles, signal: AbortSignal) {
  try {
    return await (await import('./tls.ts')).dialTls(remote, tls, signal)
  } catch (error) {
    throw signal.aborted ? error : await explainTls(error, tls)
  }
}
