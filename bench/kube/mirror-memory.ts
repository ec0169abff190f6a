import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startControlPlane } from '@ovnkit/kube/testing'
import { createPods } from './pods.ts'

/** What 10,000 mirrored pods cost: `node bench/kube/mirror-memory.ts [pods] [rounds]`. A fresh process each round, with and without --expose-gc. */
const pods = Number(process.argv[2] ?? 10_000)
const rounds = Number(process.argv[3] ?? 3)
const run = promisify(execFile)

await using plane = await startControlPlane()
await createPods(plane.client, pods)
const page = await plane.client.request({ method: 'GET', path: '/api/v1/pods', query: { limit: 100 } })
console.log(`${pods} pods, ${Math.round(page.body.length / 100)} bytes each on the wire`)
for (let round = 0; round < rounds; round++)
  for (const flags of [[], ['--expose-gc']]) {
    const child = join(import.meta.dirname, 'mirror-memory-child.ts')
    const { stdout } = await run(process.execPath, [...flags, child, plane.kubeconfig])
    console.log(flags.join(' ') || 'plain', stdout.trim())
  }
