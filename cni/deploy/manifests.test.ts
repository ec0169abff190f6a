import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { crdManifest } from './generate-crd.ts'

it('the definition of Subnet is what cni/api says: node cni/deploy/generate-crd.ts', () => {
  expect(readFileSync(new URL('yaml/subnet-crd.yaml', import.meta.url), 'utf8')).toBe(crdManifest())
})
