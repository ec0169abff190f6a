import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { startControlPlane } from '@ovnkit/kube/testing'
import { bundle } from './bundle.ts'
import { createPods } from './pods.ts'

/** What 10,000 mirrored pods cost: `node bench/kube/mirror-memory.ts [pods] [rounds]`. A fresh, bundled process for each line. */
const pods = Number(process.argv[2] ?? 10_000)
const rounds = Number(process.argv[3] ?? 3)
const run = promisify(execFile)

/** The settings of the bundles are those of scripts/build.ts. */
const starts = {
  "V8's defaults": { flags: [], env: {} },
  'as the controller ships': { flags: ['--max-semi-space-size=4'], env: { MALLOC_ARENA_MAX: '1' } },
  'as the agent ships': { flags: ['--max-semi-space-size=1', '--v8-pool-size=0'], env: { MALLOC_ARENA_MAX: '1' } },
  'live heap': { flags: ['--expose-gc'], env: {} },
}

await using plane = await startControlPlane()
await createPods(plane.client, pods)
const page = await plane.client.request({ method: 'GET', path: '/api/v1/pods', query: { limit: 100 } })
console.log(`${pods} pods, ${Math.round(page.body.length / 100)} bytes each on the wire`)
await using child = await bundle('mirror-memory-child.ts')
for (let round = 0; round < rounds; round++)
  for (const [name, { flags, env }] of Object.entries(starts)) {
    const { stdout } = await run(process.execPath, [...flags, child.path, plane.kubeconfig], {
      env: { ...process.env, ...env },
    })
    console.log(name, stdout.trim())
  }
