import { existsSync, mkdirSync } from 'node:fs'
import { type CertificateRequest, createAuthority, issueCertificate } from '@ovnkit/kube/testing'

/** A folder with the certificates of one authority; what exists is kept. */
export class Pki {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  file(name: string): string {
    return `${this.folder}/${name}`
  }

  async init(): Promise<void> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    if (!existsSync(this.file('ca.crt'))) await createAuthority(this.folder)
  }

  async issue(request: CertificateRequest): Promise<void> {
    if (existsSync(this.file(`${request.name}.crt`))) return
    await issueCertificate(this.folder, { cert: this.file('ca.crt'), key: this.file('ca.key') }, request)
  }
}
