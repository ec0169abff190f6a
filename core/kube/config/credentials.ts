import { createSecureContext, type SecureContext } from 'node:tls'
import { FileCache } from './file-cache.ts'
import type { Material } from './material.ts'
import type { KubeConfig } from './server.ts'

export interface TlsMaterial {
  readonly context: SecureContext
  readonly serverName: string | undefined
  readonly insecure: boolean
  /** Built just now because a certificate or key file changed: sessions of the old one must not be resumed. */
  readonly renewed: boolean
}

/**
 * What to show the server, always fresh: token and certificate files are read again when they changed on disk (kubelet
 * rotates projected tokens at 80 % of their life by swapping a symlink; cert-manager and kubeadm renew client certificates).
 */
export class Credentials {
  readonly #config: KubeConfig
  readonly #files: FileCache
  #context: SecureContext | undefined
  #contextKey = ''

  constructor(config: KubeConfig, files: FileCache = new FileCache()) {
    this.#config = config
    this.#files = files
  }

  /** The Authorization field, or undefined when the client certificate is all. `fresh`: look at the file now (after a 401). */
  authorization(fresh = false): string | undefined {
    const { token, basic } = this.#config.auth
    if (token !== undefined) return `Bearer ${this.#read(token, fresh).toString('latin1').trim()}`
    if (basic !== undefined) return `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`
    return undefined
  }

  tls(): TlsMaterial {
    const { ca, serverName, insecureSkipVerify } = this.#config.tls
    const { cert, key } = this.#config.auth
    const parts = [ca, cert, key].map(material => (material === undefined ? undefined : this.#read(material, true)))
    const contextKey = parts.map(part => part?.toString('latin1') ?? '').join('\0')
    const renewed = contextKey !== this.#contextKey
    if (renewed || this.#context === undefined) {
      this.#context = buildContext(parts[0], parts[1], parts[2])
      this.#contextKey = contextKey
    }
    return { context: this.#context, serverName, insecure: insecureSkipVerify ?? false, renewed }
  }

  #read(material: Material, fresh: boolean): Buffer {
    return 'data' in material ? material.data : this.#files.read(material.file, fresh)
  }
}

function buildContext(ca: Buffer | undefined, cert: Buffer | undefined, key: Buffer | undefined): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  })
}
