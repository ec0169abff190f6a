import { build } from 'esbuild'
import { expect, test } from 'vitest'

test('the plugin cannot start a child process: nothing that it consists of imports what could', async () => {
  const entry = new URL('../cni/plugin/main.ts', import.meta.url).pathname
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
  })
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  expect(imported).toContain('node:fs')
  expect(imported.filter(path => /child_process|cluster|bun/.test(path))).toEqual([])
  expect(outputFiles[0]?.text).not.toMatch(/\bBun\.(spawn|\$)/)
})
