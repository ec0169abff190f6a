import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateRequest {
  /** File name without extension. */
  readonly name: string
  /** The user's name for the API server. */
  readonly commonName: string
  /** The user's groups for the API server. */
  readonly organizations?: readonly string[]
  /** DNS names and IP addresses that a server has. */
  readonly hosts?: readonly string[]
}

const VALID_DAYS = '3650'
const run = promisify(execFile)

/** A self-signed authority (ECDSA P-256) as `ca.crt` and `ca.key`. Made by the `openssl` program: node:crypto issues no certificates. */
export async function createAuthority(folder: string): Promise<Certificate> {
  const extensions = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign,digitalSignature\n'
  return openssl(folder, { name: 'ca', commonName: 'ovnkit-test-ca' }, extensions, [])
}

/** A certificate for server and client use, signed by `ca`, as `<name>.crt` and `<name>.key`. */
export async function issueCertificate(
  folder: string,
  ca: Certificate,
  request: CertificateRequest,
): Promise<Certificate> {
  const names = (request.hosts ?? []).map(host => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`).join(',')
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature,keyEncipherment',
    'extendedKeyUsage=serverAuth,clientAuth',
    ...(names === '' ? [] : [`subjectAltName=${names}`]),
  ]
  return openssl(folder, request, `${extensions.join('\n')}\n`, ['-CA', ca.cert, '-CAkey', ca.key])
}

/** A key pair for service account tokens: `<name>.key` and `<name>.pub`. */
export async function createKeyPair(folder: string, name: string): Promise<{ key: string; publicKey: string }> {
  const key = join(folder, `${name}.key`)
  const publicKey = join(folder, `${name}.pub`)
  await run('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key])
  await run('openssl', ['pkey', '-in', key, '-pubout', '-out', publicKey])
  return { key, publicKey }
}

async function openssl(
  folder: string,
  { name, commonName, organizations = [] }: CertificateRequest,
  extensions: string,
  signer: readonly string[],
): Promise<Certificate> {
  const config = join(folder, `${name}.cnf`)
  const cert = join(folder, `${name}.crt`)
  const key = join(folder, `${name}.key`)
  const groups = organizations.map((organization, i) => `${i}.O=${organization}\n`).join('')
  await writeFile(
    config,
    `[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n${groups}CN=${commonName}\n[ext]\n${extensions}`,
  )
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key]
  await run('openssl', ['req', '-x509', '-config', config, '-days', VALID_DAYS, ...newKey, '-out', cert, ...signer])
  return { cert, key }
}
