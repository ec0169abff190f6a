import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError, defineConfig, loadConfig } from './index.ts'

const definition = defineConfig({
  schema: z.strictObject({
    mode: z.enum(['standalone', 'external'], 'expected standalone or external').default('standalone'),
    tunnel: z
      .strictObject({
        type: z.enum(['vxlan', 'geneve']).default('vxlan'),
        port: z.int('expected a port number').min(1).max(65_535).default(4789),
        secure: z.boolean().default(false),
        peers: z.array(z.string()).default([]),
      })
      .prefault({}),
    name: z.string().default(''),
  }),
  env: {
    mode: ['ZSTACK_OVN_MODE', 'ZSTACK_MODE'],
    'tunnel.port': ['ZSTACK_OVN_TUNNEL_PORT'],
    'tunnel.secure': ['ZSTACK_OVN_TUNNEL_SECURE'],
    name: ['ZSTACK_OVN_NAME'],
  },
  rules: [
    {
      keys: ['mode', 'tunnel.type'],
      check: config =>
        config.mode === 'external' && config.tunnel.type === 'vxlan' ? 'mode: external cannot use vxlan' : undefined,
    },
  ],
})

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function load(yaml: string | undefined, env: Record<string, string> = {}) {
  const file = yaml === undefined ? undefined : join(folder, 'config.yaml')
  if (file !== undefined && yaml !== undefined) writeFileSync(file, yaml)
  return loadConfig(definition, { file, env })
}

function problemsOf(yaml: string | undefined, env: Record<string, string> = {}): string[] {
  try {
    load(yaml, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message.replaceAll(folder, ''))
    throw error
  }
  throw new Error('expected a ConfigError')
}

describe('loadConfig', () => {
  it('puts environment over file over defaults, and freezes the result', () => {
    const config = load('mode: standalone\ntunnel: {type: geneve, port: 6081}\n', { ZSTACK_OVN_TUNNEL_PORT: '7000' })
    expect(config).toEqual({
      mode: 'standalone',
      name: '',
      tunnel: { type: 'geneve', port: 7000, secure: false, peers: [] },
    })
    expect(Object.isFrozen(config.tunnel)).toBe(true)
    expect(load(undefined).tunnel.port).toBe(4789)
    expect(load('').mode).toBe('standalone')
  })

  it('reads numbers, booleans and texts from the environment by what the key takes', () => {
    const config = load(undefined, { ZSTACK_OVN_TUNNEL_SECURE: 'true', ZSTACK_OVN_NAME: '123', ZSTACK_OVN_MODE: '' })
    expect(config).toMatchObject({ name: '123', mode: 'standalone', tunnel: { secure: true } })
  })

  it('takes an alias, and refuses two names that differ', () => {
    expect(load('tunnel: {type: geneve}', { ZSTACK_MODE: 'external' }).mode).toBe('external')
    expect(load(undefined, { ZSTACK_MODE: 'standalone', ZSTACK_OVN_MODE: 'standalone' }).mode).toBe('standalone')
    expect(problemsOf(undefined, { ZSTACK_MODE: 'external', ZSTACK_OVN_MODE: 'standalone' })).toEqual([
      'mode: ZSTACK_OVN_MODE=standalone and ZSTACK_MODE=external differ; set one of them',
    ])
  })

  it('names every problem at once, with its source and a suggestion', () => {
    const yaml = 'mod: external\nmode: exernal\ntunnel: {prot: 1, port: 99999999, type: geneve, peers: [1]}\n'
    expect(problemsOf(yaml, { ZSTACK_OVN_TUNNEL_SECURE: 'perhaps' }).sort()).toEqual([
      'mod (file /config.yaml): unknown key; did you mean "mode"?',
      'mode (file /config.yaml): expected standalone or external; got "exernal"',
      'tunnel.peers.0 (file /config.yaml): Invalid input: expected string, received number; got 1',
      'tunnel.port (file /config.yaml): expected a port number; got 99999999',
      'tunnel.prot (file /config.yaml): unknown key; did you mean "port"?',
      'tunnel.secure (env ZSTACK_OVN_TUNNEL_SECURE): Invalid input: expected boolean, received string; got "perhaps"',
    ])
  })

  it('checks rules beside other problems, but not over keys that are bad themselves', () => {
    expect(problemsOf('mode: external\ntunnel: {port: bad}')).toEqual([
      'tunnel.port (file /config.yaml): expected a port number; got "bad"',
      'mode: external cannot use vxlan',
    ])
    expect(problemsOf('mode: external\ntunnel: {type: bad}')).toHaveLength(1)
    expect(problemsOf('mode: external\ntunnel: 5')).toHaveLength(1)
  })

  it('says what is wrong with the file itself', () => {
    expect(problemsOf('a: [')[0]).toMatch(/^\/config.yaml: .*(line|end)/is)
    expect(problemsOf('- a')).toEqual(['/config.yaml: expected a mapping of keys at the top'])
    expect(() => loadConfig(definition, { file: '/does/not/exist' })).toThrow(/cannot be read: ENOENT/)
  })
})
