import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { crdFiles } from './files.ts'

describe('the CRD manifests', () => {
  it.each(crdFiles())('%s is what the code says (else: npm run crd -w cni/api)', (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})
