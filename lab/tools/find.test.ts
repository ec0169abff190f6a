import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findSet } from './find.ts'
import { folderOf, programsOf, type ToolSet, toolSets } from './sets.ts'

const set: ToolSet = { name: 'pair', version: 'v1', commands: ['x/one', 'x/two'], about: '', onPath: true }

function folderWith(...programs: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ovnkit-tools-'))
  for (const program of programs) {
    writeFileSync(join(folder, program), '#!/bin/sh\n')
    chmodSync(join(folder, program), 0o755)
  }
  return folder
}

describe('findSet', () => {
  it('prefers OVNKIT_TOOLS, then PATH, then what was built', async () => {
    const given = folderWith('one', 'two')
    const path = folderWith('one', 'two')
    const cache = mkdtempSync(join(tmpdir(), 'ovnkit-cache-'))
    const env = { OVNKIT_TOOLS: given, PATH: path, XDG_CACHE_HOME: cache }
    expect((await findSet(set, env))?.get('one')).toBe(join(given, 'one'))
    expect((await findSet(set, { ...env, OVNKIT_TOOLS: '' }))?.get('two')).toBe(join(path, 'two'))
    expect(await findSet(set, { ...env, OVNKIT_TOOLS: '', PATH: '' })).toBeUndefined()
    const built = join(cache, 'ovnkit/tools', folderOf(set))
    mkdirSync(built, { recursive: true })
    for (const program of programsOf(set)) writeFileSync(join(built, program), '', { mode: 0o755 })
    expect((await findSet(set, { ...env, OVNKIT_TOOLS: '', PATH: '' }))?.get('one')).toBe(join(built, 'one'))
  })

  it('does not take half a set', async () => {
    expect(
      await findSet(set, { OVNKIT_TOOLS: folderWith('one'), PATH: '', XDG_CACHE_HOME: '/nonexistent' }),
    ).toBeUndefined()
  })

  it("does not take iproute2's bridge for the plugin", () => {
    expect(toolSets.find(({ name }) => name === 'cni')?.onPath).toBe(false)
  })
})
