import { describe, expect, it } from 'vitest'
import { parseScenario } from './parse.ts'
import { runScenario, type StepResult } from './run.ts'

async function run(session: string): Promise<{ passed: boolean; results: StepResult[] }> {
  const scenario = parseScenario('x.txt', `Title\n\n${session}`)
  const results: StepResult[] = []
  const passed = await runScenario(scenario, { env: {}, cwd: '/' }, result => results.push(result))
  return { passed, results }
}

describe('runScenario', () => {
  it('keeps variables from one command to the next, and both streams', async () => {
    const { passed } = await run('    $ x=1; cd /tmp\n\n    $ echo $x $PWD; echo two >&2\n    1 /tmp\n    two\n')
    expect(passed).toBe(true)
  })

  it('asks again until the output is as expected', async () => {
    const { passed, results } = await run('    $ n=0\n\n    $ n=$((n + 1)); echo $n   # within 10s\n    3\n')
    expect(passed).toBe(true)
    expect(results[1]).toMatchObject({ passed: true, tries: 3 })
  })

  it('ends at the first step that fails, with what was said', async () => {
    const { passed, results } = await run('    $ echo no\n    yes\n\n    $ echo never\n')
    expect(passed).toBe(false)
    expect(results).toHaveLength(1)
    expect(results[0]).toMatchObject({ passed: false, said: 'no\n' })
  })

  it('compares exit codes', async () => {
    expect((await run('    $ (exit 3)   # exit 3\n')).passed).toBe(true)
    expect((await run('    $ (exit 3)\n')).results[0]?.said).toContain('(exit 3, expected 0)')
  })

  it('says so when a command ends its shell', async () => {
    const { passed, results } = await run('    $ exit 1\n')
    expect(passed).toBe(false)
    expect(results[0]?.said).toContain('ended its shell')
  })
})
