import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { startControlPlane } from '@ovnkit/kube/testing'
import { bundle } from './bundle.ts'
import { createPods } from './pods.ts'

/**
 * What one PATCH costs the client, 32 in flight, against node:https and node:http2: `node bench/kube/patch.ts [patches] [rounds]`. The first
 * of a child's three lines is its warm-up. Children are bundled, as what ships is.
 */
const pods = 1_000
const patches = Number(process.argv[2] ?? 2_000)
const rounds = Number(process.argv[3] ?? 3)
const run = promisify(execFile)

await using plane = await startControlPlane()
await createPods(plane.client, pods)
await using child = await bundle('patch-child.ts')
for (let round = 0; round < rounds; round++)
  for (const variant of ['kube', 'https', 'http2'])
    console.log(
      (
        await run(process.execPath, [child.path, plane.kubeconfig, variant, String(pods), String(patches)])
      ).stdout.trim(),
    )
