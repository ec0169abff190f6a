import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '@ovnkit/testing'
import { expect, it } from 'vitest'

const wrapper = new URL('ovn-controller', import.meta.url).pathname

/** A machine of its own as far as processes and /run go, which runs a shell script; `said` has what it printed. */
function machine(script: string, folder: string) {
  const inside = `mount -t tmpfs none /run; ${script}`
  const own = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const child = spawn('unshare', [...own, 'sh', '-c', inside], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
  const state = { said: '' }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      state.said += chunk
    })
  return { child, state }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, 'exit')
}

it('starts where nobody runs one, and says that it is its own', async () => {
  const { child, state } = machine(`${wrapper} --version; ls /run`, tmpdir())
  await ended(child)
  expect(state.said).toMatch(/^ovn-controller \d+\.\d+/)
  expect(state.said).toMatch(/\nours\n$/)
})

it('waits for the end of another one, which it leaves alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ovnkit-wrapper-'))
  try {
    // Anything of that name: it reads until the test closes its input.
    copyFileSync('/bin/cat', join(folder, 'ovn-controller'))
    const script = `exec 3<&0; ./ovn-controller <&3 & ls /run; ${wrapper} --version; echo end`
    const { child, state } = machine(`chmod 755 ovn-controller; ${script}`, folder)
    await waitUntil('it waits', () => /one of its own \(process \d+\), which goes on/.test(state.said))
    expect(state.said).not.toMatch(/^ovn-controller \d/m)
    child.stdin.end()
    await ended(child)
    expect(state.said).toMatch(/^ovn-controller \d+\.\d+/m)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
