import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, createAuthority, createKeyPair, issueCertificate } from './pki.ts'

export interface Identities {
  readonly ca: Certificate
  /** Its private key, with which the controller manager signs kubelets' certificates. */
  readonly apiServer: Certificate
  readonly admin: Certificate
  readonly serviceAccounts: { readonly key: string; readonly publicKey: string }
}

/** Certificates and keys in `folder`/pki. Existing ones are kept, except the server's, whose names may differ now. */
export async function makeIdentities(
  folder: string,
  hosts: readonly string[],
  serviceAddresses: readonly string[] = ['10.96.0.1'],
): Promise<Identities> {
  const pki = join(folder, 'pki')
  await mkdir(pki, { recursive: true, mode: 0o700 })
  const names = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]
  const server = { name: 'apiserver', commonName: 'kube-apiserver' }
  const user = { name: 'admin', commonName: 'admin', organizations: ['system:masters'] }
  const ca = existing(pki, 'ca') ?? (await createAuthority(pki))
  const [apiServer, admin, serviceAccounts] = await Promise.all([
    issueCertificate(pki, ca, {
      ...server,
      hosts: [...new Set([...names, '127.0.0.1', ...serviceAddresses, ...hosts])],
    }),
    existing(pki, 'admin') ?? issueCertificate(pki, ca, user),
    existingPair(pki) ?? createKeyPair(pki, 'sa'),
  ])
  return { ca, apiServer, admin, serviceAccounts }
}

function existing(pki: string, name: string): Certificate | undefined {
  const [cert, key] = [join(pki, `${name}.crt`), join(pki, `${name}.key`)]
  return existsSync(cert) && existsSync(key) ? { cert, key } : undefined
}

function existingPair(pki: string): Identities['serviceAccounts'] | undefined {
  const [key, publicKey] = [join(pki, 'sa.key'), join(pki, 'sa.pub')]
  return existsSync(key) && existsSync(publicKey) ? { key, publicKey } : undefined
}
