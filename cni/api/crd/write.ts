import { writeFileSync } from 'node:fs'
import { crdFiles } from './files.ts'

// After a change of the CRD. A test fails until it was run.
for (const [path, text] of crdFiles()) writeFileSync(path, text)
