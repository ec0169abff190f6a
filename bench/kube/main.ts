/**
 * Runs all benches of the Kubernetes client, one after another. Usage: node bench/kube/main.ts
 * Each of them runs alone too, with its own arguments: `node bench/kube/patch.ts [patches] [rounds]`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

for (const script of ['patch.ts', 'watch-decode.ts', 'mirror-memory.ts']) {
  console.log(`\n${script}`)
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script)], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${script} ended with ${status}`)
}
