import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { loadClaim, loadRecord } from './record.ts'

const folder = mkdtempSync(join(tmpdir(), 'ovnkit-record-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

it('knows the network of a lab that another version has made', () => {
  vi.stubEnv('OVNKIT_LAB_DIR', folder)
  mkdirSync(join(folder, 'other'))
  writeFileSync(join(folder, 'other/lab.json'), JSON.stringify({ name: 'other', slot: 91, openvswitch: 'of-tomorrow' }))
  expect(loadClaim('other')?.slot).toBe(91)
  expect(() => loadRecord('other')).toThrow()
  expect(loadClaim('nobody')).toBeUndefined()
})
