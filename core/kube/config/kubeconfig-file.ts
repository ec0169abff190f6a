import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KubeConfigError } from '../client/errors.ts'
import type { Material } from './material.ts'
import { checkServer, type KubeConfig } from './server.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads one kubeconfig file (client.authentication: certificates, token, token file, basic). KUBECONFIG with several files
 * is not merged: name one.
 * @throws KubeConfigError naming the file, the field and the remedy
 */
export async function readKubeconfig(path: string, contextName?: string): Promise<KubeConfig> {
  if (path.includes(':') && !existsSync(path))
    throw new KubeConfigError(`KUBECONFIG lists several files (${path}): merging is not supported, name one file`)
  const document = await parse(path)
  return new KubeconfigReader(path, document).read(contextName)
}

class KubeconfigReader {
  readonly #path: string
  readonly #document: Fields

  constructor(path: string, document: Fields) {
    this.#path = path
    this.#document = document
  }

  read(contextName: string | undefined): KubeConfig {
    const name = contextName ?? text(this.#document, 'current-context')
    if (name === undefined || name === '')
      throw this.#error('has no current-context. Run: kubectl config use-context NAME')
    const context = this.#entry('contexts', 'context', name)
    const cluster = this.#entry('clusters', 'cluster', this.#required(context, 'cluster', `context "${name}"`))
    const user = this.#entry('users', 'user', this.#required(context, 'user', `context "${name}"`))
    if (text(cluster, 'proxy-url') !== undefined)
      throw this.#error('uses proxy-url, which is not supported: connect directly')
    const namespace = text(context, 'namespace')
    return {
      server: checkServer(this.#required(cluster, 'server', `cluster of context "${name}"`)),
      tls: this.#tls(cluster),
      auth: this.#auth(user),
      ...(namespace === undefined ? {} : { namespace }),
    }
  }

  #tls(cluster: Fields): KubeConfig['tls'] {
    const ca = this.#material(cluster, 'certificate-authority')
    const serverName = text(cluster, 'tls-server-name')
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(cluster['insecure-skip-tls-verify'] === true ? { insecureSkipVerify: true } : {}),
    }
  }

  #auth(user: Fields): KubeConfig['auth'] {
    for (const unsupported of ['exec', 'auth-provider'])
      if (user[unsupported] !== undefined)
        throw this.#error(
          `authenticates by "${unsupported}" (a credential plugin), which is not supported: use a client certificate, ` +
            'a token or a token file, e.g. from: kubectl create token ACCOUNT',
        )
    const cert = this.#material(user, 'client-certificate')
    const key = this.#material(user, 'client-key')
    if ((cert === undefined) !== (key === undefined))
      throw this.#error('needs client-certificate and client-key together')
    const token = this.#token(user)
    const username = text(user, 'username')
    return {
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(token === undefined ? {} : { token }),
      ...(username === undefined ? {} : { basic: { username, password: text(user, 'password') ?? '' } }),
    }
  }

  /** `tokenFile` wins over `token`, as in client-go. */
  #token(user: Fields): Material | undefined {
    const file = text(user, 'tokenFile')
    if (file !== undefined) return { file: this.#absolute(file) }
    const token = text(user, 'token')
    return token === undefined ? undefined : { data: Buffer.from(token) }
  }

  /** `<field>-data` (base64) wins over `<field>` (a path, relative to the kubeconfig), as in client-go. */
  #material(fields: Fields, field: string): Material | undefined {
    const data = text(fields, `${field}-data`)
    if (data !== undefined) return { data: Buffer.from(data, 'base64') }
    const file = text(fields, field)
    return file === undefined ? undefined : { file: this.#absolute(file) }
  }

  #absolute(file: string): string {
    return resolve(dirname(resolve(this.#path)), file)
  }

  #entry(list: string, field: string, name: string): Fields {
    const entries = this.#document[list]
    const found = Array.isArray(entries) ? entries.find(entry => isFields(entry) && entry.name === name) : undefined
    const value: unknown = isFields(found) ? found[field] : undefined
    if (!isFields(value)) throw this.#error(`has no entry named "${name}" in ${list}`)
    return value
  }

  #required(fields: Fields, field: string, where: string): string {
    const value = text(fields, field)
    if (value === undefined || value === '') throw this.#error(`lacks "${field}" in ${where}`)
    return value
  }

  #error(what: string): KubeConfigError {
    return new KubeConfigError(`kubeconfig ${this.#path} ${what}`)
  }
}

/** The YAML parser is loaded only for files that are not JSON: a pod with a service account never pays for it. */
async function parse(path: string): Promise<Fields> {
  const content = load(path)
  let document: unknown
  try {
    document = content.trimStart().startsWith('{') ? JSON.parse(content) : (await import('yaml')).parse(content)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new KubeConfigError(`kubeconfig ${path} is neither YAML nor JSON: ${why}`, { cause: error })
  }
  if (!isFields(document))
    throw new KubeConfigError(`kubeconfig ${path} holds no configuration (kind: Config expected)`)
  return document
}

function load(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new KubeConfigError(`cannot read the kubeconfig ${path}: ${why}`, { cause: error })
  }
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' ? value : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
