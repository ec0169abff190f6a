import { run } from './daemon.ts'

/** Files of one key pair. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** A certificate authority of its own in a folder, as `ovs-pki` makes them: no host names in certificates. */
export class TestPki {
  readonly #dir: string
  readonly #name: string

  constructor(dir: string, name: string) {
    this.#dir = dir
    this.#name = name
  }

  /** Makes the authority's own, self-signed certificate. */
  static async create(dir: string, name = 'ca'): Promise<TestPki> {
    const pki = new TestPki(dir, name)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', pki.#keyFile]
    const subject = ['-subj', `/CN=${name}`, '-days', '2', '-out', pki.ca]
    await run('openssl', ['req', '-x509', ...key, ...subject])
    return pki
  }

  /** File of the authority's certificate. */
  get ca(): string {
    return `${this.#dir}/${this.#name}.pem`
  }

  /** Issues a certificate for that common name. */
  async issue(name: string): Promise<Identity> {
    const [cert, key] = [`${this.#dir}/${this.#name}-${name}.pem`, `${this.#dir}/${this.#name}-${name}.key`]
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
    const signer = ['-CA', this.ca, '-CAkey', this.#keyFile]
    await run('openssl', ['req', '-x509', ...newKey, ...signer, '-subj', `/CN=${name}`, '-days', '2', '-out', cert])
    return { cert, key }
  }

  get #keyFile(): string {
    return `${this.#dir}/${this.#name}.key`
  }
}
