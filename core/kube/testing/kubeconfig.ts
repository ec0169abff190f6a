import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Certificate } from './pki.ts'

export interface KubeconfigContent {
  readonly server: string
  /** Path of the authority's certificate. */
  readonly ca: string
  readonly user: Certificate | { readonly token: string }
}

/** Writes `<folder>/<name>.kubeconfig` (mode 0600; JSON, which is YAML too) and returns its path. */
export async function writeKubeconfig(
  folder: string,
  name: string,
  { server, ca, user }: KubeconfigContent,
): Promise<string> {
  const path = join(folder, `${name}.kubeconfig`)
  const credentials =
    'token' in user ? { token: user.token } : { 'client-certificate': user.cert, 'client-key': user.key }
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'ovnkit',
    clusters: [{ name: 'ovnkit', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name, user: credentials }],
    contexts: [{ name: 'ovnkit', context: { cluster: 'ovnkit', user: name } }],
  }
  await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  return path
}
