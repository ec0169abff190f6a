import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { derivedFiles } from './generate.ts'

it.each(Object.entries(derivedFiles()))('%s is what it is made of: node cni/deploy/generate.ts', (file, text) => {
  expect(readFileSync(new URL(file, import.meta.url), 'utf8')).toBe(text)
})
