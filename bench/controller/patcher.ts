/**
 * The least that any controller of another process does for a pod: hears of it by a watch, patches it once. No database, no addresses, no retries. What it takes
 * more than the floor is the price of being another program; what the controller takes more than this one is the controller's. Run by pods.ts.
 */
import { parseArgs } from 'node:util'
import { ApiLoad } from './api-load.ts'
import { annotation, patchOf } from './pod-objects.ts'
import { PodWatch } from './pod-watch.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { server: text, ca: text, cert: text, key: text } })
const { server = '', ca = '', cert = '', key = '' } = values
const access = { server, ca, cert, key }
const path = '/api/v1/pods'
const api = new ApiLoad(access)
const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>('GET', `${path}?limit=1`)
new PodWatch(access, path, { version: metadata.resourceVersion, annotation, bare: patch })
process.send?.('ready')

function patch(namespace: string, name: string): void {
  const pod = `/api/v1/namespaces/${namespace}/pods/${name}`
  api.call('PATCH', pod, patchOf(name), 'application/merge-patch+json').catch((cause: unknown) => {
    console.error(cause)
    process.exit(1)
  })
}
