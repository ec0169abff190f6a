import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { crdManifests } from './generate-crd.ts'

it.each(Object.entries(crdManifests()))('%s is what cni/api says: node cni/deploy/generate-crd.ts', (file, text) => {
  expect(readFileSync(new URL(`yaml/${file}`, import.meta.url), 'utf8')).toBe(text)
})
