import { defineConfig } from 'vitest/config'

const real = '**/*.real.test.ts'
const property = '**/*.property.test.ts'
const exclude = ['**/node_modules/**', 'dist/**']

// Three suites by file name: what it costs to run them differs by orders of magnitude.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['**/*.test.ts'], exclude: [...exclude, real, property] } },
      { test: { name: 'property', include: [property], exclude, testTimeout: 120_000 } },
      // Real daemons start in milliseconds to seconds and share two cores: generous deadlines, few files at once.
      { test: { name: 'real', include: [real], exclude, testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 2 } },
    ],
  },
})
