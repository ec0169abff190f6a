import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueCertificate } from '@ovnkit/kube/testing'

/** Puts `<name>.crt` and `<name>.key` for a server of these hosts into the root's first folder, where agnhost looks for its own. */
export async function giveCertificate(root: string, name: string, hosts: readonly string[]): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'ovnkit-certificate-'))
  try {
    const request = { name, commonName: name, hosts }
    const { cert, key } = await issueCertificate(work, await createAuthority(work), request)
    copyFileSync(cert, join(root, `${name}.crt`))
    copyFileSync(key, join(root, `${name}.key`))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
