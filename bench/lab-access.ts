import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ObjectMeta, resources } from '@ovnkit/kube'
import type { Lab } from '@ovnkit/lab'
import { waitUntil } from '@ovnkit/testing'
import { ApiLoad } from './controller/api-load.ts'

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0'

/**
 * A lab's API for the plain client, as its admin.
 * @param folder where the admin's files may lie
 */
export function apiOf(lab: Lab, folder: string): ApiLoad {
  const { clusters, users } = JSON.parse(readFileSync(lab.kubeconfig, 'utf8'))
  const file = (name: string, data: string) => {
    const path = join(folder, name)
    writeFileSync(path, Buffer.from(data, 'base64'), { mode: 0o600 })
    return path
  }
  const [{ cluster }] = clusters
  const [{ user }] = users
  return new ApiLoad({
    server: cluster.server,
    ca: file('ca', cluster['certificate-authority-data']),
    cert: file('cert', user['client-certificate-data']),
    key: file('key', user['client-key-data']),
  })
}

/** Makes a pod of agnhost on a node, and resolves with its address when it runs. */
export async function runPod(
  lab: Lab,
  metadata: ObjectMeta & { readonly name: string; readonly namespace: string },
  nodeName: string,
  args: readonly string[],
): Promise<string> {
  const client = await lab.client()
  const { namespace, name } = metadata
  await client.create(resources.pods, {
    metadata,
    spec: { nodeName, containers: [{ name: 'c', image, args: [...args] }] },
  })
  return waitUntil(`pod ${name} to run`, async () => {
    const { status } = await client.get(resources.pods, { namespace, name })
    return status?.phase === 'Running' ? status.podIP : undefined
  })
}
