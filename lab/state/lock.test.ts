import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { endProcess } from '@ovnkit/testing'
import { expect, it } from 'vitest'
import { holdForLife } from './lock.ts'

it('a name is held until the process that holds it ends', async () => {
  const name = `test ${process.pid}`
  const lock = new URL('lock.ts', import.meta.url).href
  const script = `const { holdForLife } = await import('${lock}'); console.log(await holdForLife('${name}')); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [said] = await once(child.stdout, 'data')
    expect(String(said)).toBe('true\n')
    expect(await holdForLife(name)).toBe(false)
  } finally {
    await endProcess(child)
  }
  expect(await holdForLife(name)).toBe(true)
  expect(await holdForLife(name)).toBe(true)
})
