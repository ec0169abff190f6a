import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { configReference, referencePath } from './config-docs.ts'

it('the configuration reference is what the schema says (else: node cni/api/config-docs.ts)', () => {
  expect(readFileSync(referencePath, 'utf8')).toBe(configReference())
})
