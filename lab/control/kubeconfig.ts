import { readFileSync } from 'node:fs'
import type { Pki } from './pki.ts'

const inline = (file: string) => readFileSync(file).toString('base64')

/** A kubeconfig with everything inside, for the user of the certificate `name`. */
export function kubeconfigText(pki: Pki, name: string, server: string, labName: string): string {
  const cluster = { server, 'certificate-authority-data': inline(pki.file('ca.crt')) }
  const user = {
    'client-certificate-data': inline(pki.file(`${name}.crt`)),
    'client-key-data': inline(pki.file(`${name}.key`)),
  }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: labName, cluster }],
    users: [{ name, user }],
    contexts: [{ name: labName, context: { cluster: labName, user: name } }],
    'current-context': labName,
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
