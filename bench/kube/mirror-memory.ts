import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { startControlPlane } from '@ovnkit/kube/testing'
import { bundle } from './bundle.ts'
import { createPods } from './pods.ts'

/** What 10,000 mirrored pods cost: `node bench/kube/mirror-memory.ts [pods] [rounds]`. A fresh, bundled process for each line. */
const pods = Number(process.argv[2] ?? 10_000)
const rounds = Number(process.argv[3] ?? 3)
const run = promisify(execFile)

await using plane = await startControlPlane()
await createPods(plane.client, pods)
const page = await plane.client.request({ method: 'GET', path: '/api/v1/pods', query: { limit: 100 } })
console.log(`${pods} pods, ${Math.round(page.body.length / 100)} bytes each on the wire`)
await using child = await bundle('mirror-memory-child.ts')
for (let round = 0; round < rounds; round++)
  for (const flags of [[], ['--max-semi-space-size=4'], ['--max-semi-space-size=2'], ['--expose-gc']]) {
    const { stdout } = await run(process.execPath, [...flags, child.path, plane.kubeconfig])
    console.log(flags.join(' ') || 'defaults', stdout.trim())
  }
