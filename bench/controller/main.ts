/** Both benchmarks of the controller, one after the other: see README.md. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

for (const [script, ...args] of [['pods.ts'], ['restart.ts']] as const) {
  console.log(`# ${script}`)
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
