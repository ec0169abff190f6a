import { readFile, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  connect,
  type DetailedPeerCertificate,
  type TLSSocket,
  type ConnectionOptions as TlsConnectionOptions,
} from 'node:tls'
import { established } from './established.ts'
import type { TlsFiles } from './types.ts'

/** Dials with mutual certificates; resolves when the handshake is complete. */
export async function dialTls(
  remote: { readonly host: string; readonly port: number },
  files: TlsFiles,
  signal: AbortSignal,
): Promise<Duplex> {
  const { options, bootstrap } = await loadIdentity(files, remote.host)
  const socket = connect({ ...options, host: remote.host, port: remote.port })
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

/** What `tls.connect` needs beside host and port; `bootstrap` = the CA is not known yet and comes with this handshake. */
interface TlsIdentity {
  readonly options: TlsConnectionOptions
  readonly bootstrap: boolean
}

/** Reads the files anew (they may have been rotated). Throws if one is missing, except a CA that may be bootstrapped. */
async function loadIdentity(files: TlsFiles, host: string): Promise<TlsIdentity> {
  const [ca, cert, key] = await Promise.all([readCa(files), readFile(files.cert), readFile(files.key)])
  const options: TlsConnectionOptions = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    // OVS's PKI puts no host names into certificates; who holds a certificate of the CA is trusted (ovs-pki(8)).
    checkServerIdentity: () => undefined,
    rejectUnauthorized: ca !== undefined,
    ...(ca === undefined ? {} : { ca }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }
  return { options, bootstrap: ca === undefined }
}

async function readCa(files: TlsFiles): Promise<Buffer | undefined> {
  try {
    return await readFile(files.ca)
  } catch (error) {
    if (files.bootstrapCa === true && isMissing(error)) return undefined
    throw error
  }
}

/**
 * Trust on first use: saves the self-signed certificate at the end of the chain that the server presented. The server has to
 * send it (`--peer-ca-cert` of ovsdb-server). Throws if it did not.
 */
async function saveCa(socket: TLSSocket, path: string): Promise<void> {
  const root = selfSignedEnd(socket.getPeerCertificate(true))
  if (root === undefined)
    throw new Error('CA bootstrap: the server presented no self-signed CA certificate (give it --peer-ca-cert)')
  // Exclusive: whoever was first decided whom to trust.
  await writeFile(path, toPem(root), { mode: 0o644, flag: 'wx' })
}

function selfSignedEnd(peer: DetailedPeerCertificate): Buffer | undefined {
  let certificate = peer
  while (certificate.issuerCertificate !== undefined && certificate.issuerCertificate !== certificate)
    certificate = certificate.issuerCertificate
  return certificate.issuerCertificate === certificate ? certificate.raw : undefined
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
