import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@ovnkit/cni-api'
import { silentLogger } from '@ovnkit/process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { installAtomically, writeAtomically } from './atomic.ts'
import { announcePresence, conflistText, installCni, wasInitialized } from './conflist.ts'
import { Installation } from './installation.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovnkit-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const files = () => ({
  ...readConfig({ env: {} }).cni,
  socketPath: join(folder, 'run', 'cni-server.sock'),
  confDir: join(folder, 'net.d'),
  binDir: join(folder, 'bin'),
})

describe('writeAtomically', () => {
  it('writes once, and leaves nothing beside the file', () => {
    const path = join(folder, 'a', 'file')
    expect(writeAtomically(path, 'one')).toBe(true)
    const { ino } = statSync(path)
    expect(writeAtomically(path, 'one')).toBe(false)
    expect(statSync(path).ino).toBe(ino)
    expect(writeAtomically(path, 'two')).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('two')
    expect(readdirSync(join(folder, 'a'))).toEqual(['file'])
  })

  it('leaves nothing behind where it fails', () => {
    const path = join(folder, 'a', 'file')
    mkdirSync(join(path, 'not-a-file'), { recursive: true })
    expect(() => writeAtomically(path, 'one')).toThrow()
    expect(readdirSync(join(folder, 'a'))).toEqual(['file'])
  })
})

describe('installAtomically', () => {
  it('replaces another version, keeps the same one', () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'bin', 'to')]
    writeFileSync(from, 'program', { mode: 0o755 })
    expect(installAtomically(from, to)).toBe(true)
    expect(installAtomically(from, to)).toBe(false)
    expect(statSync(to).mode & 0o777).toBe(0o755)
    writeFileSync(from, 'newer program')
    expect(installAtomically(from, to)).toBe(true)
    expect(readFileSync(to, 'utf8')).toBe('newer program')
  })
})

describe('installCni', () => {
  it('puts plugin, configuration and the mark of the first readiness in place', () => {
    const plugin = join(folder, 'plugin')
    writeFileSync(plugin, 'program')
    expect(wasInitialized(files())).toBe(false)
    installCni(files(), plugin)
    expect(wasInitialized(files())).toBe(true)
    expect(readFileSync(join(folder, 'bin', 'zstack-ovn-cni'), 'utf8')).toBe('program')
    expect(JSON.parse(readFileSync(join(folder, 'net.d', '10-zstack-ovn.conflist'), 'utf8'))).toMatchObject({
      cniVersions: ['1.0.0', '1.1.0'],
      plugins: [{ type: 'zstack-ovn-cni', serverSocket: files().socketPath }],
    })
  })

  it('names the socket only where it is not the usual one', () => {
    expect(conflistText(readConfig({ env: {} }).cni)).not.toContain('serverSocket')
  })

  it('installs no plugin where there is no folder for it', () => {
    installCni({ ...files(), binDir: '' }, '/nonexistent')
    expect(existsSync(join(folder, 'bin'))).toBe(false)
  })

  it("removes the plugin's mark of an absent agent", () => {
    installCni(files(), '/nonexistent')
    const mark = join(folder, 'run', 'agent-away')
    writeFileSync(mark, '')
    announcePresence(files())
    expect(existsSync(mark)).toBe(false)
  })
})

describe('installation', () => {
  const installation = (options: { install: () => void; possible: () => boolean }) =>
    new Installation({ ...options, logger: silentLogger, firstPause: 1 })

  it('happens once, as soon as it is possible', () => {
    let [possible, times] = [false, 0]
    using one = installation({ install: () => times++, possible: () => possible })
    one.attempt()
    expect(one.done).toBe(false)
    possible = true
    one.attempt()
    one.attempt()
    expect([one.done, times, one.problem]).toEqual([true, 1, undefined])
  })

  it('is tried again where it fails, and says so until then', async () => {
    // A file where the folder should be stands for every reason why a folder cannot be written.
    writeFileSync(join(folder, 'net.d'), '')
    using one = installation({ install: () => installCni(files(), '/nonexistent'), possible: () => true })
    one.attempt()
    expect(one.problem).toMatch(/EEXIST|ENOTDIR/)
    rmSync(join(folder, 'net.d'))
    await vi.waitFor(() => expect(one.done).toBe(true))
    expect(one.problem).toBeUndefined()
    expect(readdirSync(join(folder, 'net.d'))).toEqual(['10-zstack-ovn.conflist'])
  })
})
