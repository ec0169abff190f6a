import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { relaunch } from './relaunch.ts'

const folder = mkdtempSync(join(tmpdir(), 'ovnkit-relaunch-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = join(folder, 'program.mjs')
const settings = { flags: ['--max-semi-space-size=4', '--v8-pool-size=0'], env: { MALLOC_ARENA_MAX: '1' } }
const tell = 'console.log(JSON.stringify([process.execArgv, process.argv.slice(2), process.env.MALLOC_ARENA_MAX]))'
writeFileSync(program, `${relaunch(settings)}\n${tell}\n`)

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { pid, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  return { pid, told: JSON.parse(stdout), stderr }
}

test('a program has its settings however it is started, and keeps its arguments', () => {
  const { told } = run([program, '--config', 'a b'])
  expect(told).toEqual([settings.flags, ['--config', 'a b'], '1'])
})

test('flags that are there are not given twice, others are kept, and the environment of the caller wins', () => {
  const { told } = run(['--v8-pool-size=0', '--stack-size=900', program], { MALLOC_ARENA_MAX: '2' })
  expect(told).toEqual([['--max-semi-space-size=4', '--v8-pool-size=0', '--stack-size=900'], [], '2'])
})

test('nothing is printed on the way', () => {
  expect(run([program]).stderr).toBe('')
})
