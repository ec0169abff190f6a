import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { TlsFiles } from './types.ts'

/**
 * What keeps the files of a TLS identity from being of use, a sentence each that names the file; empty when nothing does. Whether the other side accepts
 * them only the other side knows.
 *
 * @param now milliseconds since 1970, for the certificates' times
 */
export async function tlsFileProblems({ ca, cert, key }: TlsFiles, now = Date.now()): Promise<readonly string[]> {
  const [authorities, own, secret] = await Promise.all([
    parsed(ca, 'certificates of authorities', pem => certificatesIn(pem)),
    parsed(cert, 'a certificate', pem => new X509Certificate(pem)),
    parsed(key, 'a private key without a passphrase', pem => createPrivateKey(pem)),
  ])
  return [
    ...problemsOf(authorities, ca, found => authorityProblems(found, now)),
    ...problemsOf(own, cert, found => timeProblems(found, now)),
    ...problemsOf(secret, key, found => pairProblems(own, found, cert)),
  ]
}

type Parsed<T> = { readonly value: T } | { readonly problem: string }

async function parsed<T>(file: string, expected: string, parse: (pem: Buffer) => T): Promise<Parsed<T>> {
  let pem: Buffer
  try {
    pem = await readFile(file)
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { problem: why === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read (${why})` }
  }
  try {
    return { value: parse(pem) }
  } catch {
    return { problem: `${file} holds no PEM of ${expected}` }
  }
}

function problemsOf<T>(found: Parsed<T>, file: string, judge: (value: T) => readonly string[]): readonly string[] {
  return 'problem' in found ? [found.problem] : judge(found.value).map(problem => `${file} ${problem}`)
}

function certificatesIn(pem: Buffer): readonly X509Certificate[] {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new Error('no certificate')
  return blocks.map(block => new X509Certificate(block))
}

/** One that is good is enough: an old authority may stay beside the new one. */
function authorityProblems(authorities: readonly X509Certificate[], now: number): readonly string[] {
  const problems = authorities.flatMap(one => timeProblems(one, now).slice(0, 1))
  return problems.length === authorities.length ? problems : []
}

function timeProblems({ validFrom, validTo }: X509Certificate, now: number): readonly string[] {
  if (Date.parse(validTo) <= now) return [`expired on ${iso(validTo)}`]
  return Date.parse(validFrom) > now ? [`is not valid before ${iso(validFrom)}`] : []
}

const iso = (time: string) => new Date(time).toISOString()

function pairProblems(own: Parsed<X509Certificate>, secret: KeyObject, cert: string): readonly string[] {
  return 'problem' in own || own.value.checkPrivateKey(secret) ? [] : [`is not the key of the certificate in ${cert}`]
}

/** OpenSSL's and Node's names for a server that is not of our authorities. */
const untrusted =
  /^(UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|INVALID_CA)/

/** The same error, in words that say which file or which side has to change. One that says so already stays. */
export async function explainTls(error: unknown, files: TlsFiles): Promise<Error> {
  const cause = error instanceof Error ? error : new Error(String(error))
  if (cause.cause instanceof Error) return cause
  // An authority that is still to be learned is no missing file.
  const problems = files.bootstrapCa === true ? [] : await tlsFileProblems(files)
  const message = problems.length > 0 ? problems.join('; ') : meaning('code' in cause ? String(cause.code) : '', files)
  return message === undefined ? cause : new Error(`${message} (${cause.message.trim()})`, { cause })
}

function meaning(code: string, { ca, cert }: TlsFiles): string | undefined {
  if (untrusted.test(code)) return `the server's certificate is not of an authority in ${ca}`
  if (code === 'CERT_HAS_EXPIRED') return "the server's certificate, or that of its authority, expired"
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(code)) return 'the server does not speak TLS at this address'
  if (/ALERT/.test(code)) return `the server refuses the certificate in ${cert}`
  return undefined
}
