import { describe, expect, it } from 'vitest'
import { matches, parseScenario } from './parse.ts'

const text = `First pods
==========
modes: light
nodes: 3

Prose, with "    $" in the middle of a line.

    $ kubectl get pods   # within 10s
    web   Running
    ...

    $ kubectl apply -f - <<EOF
    > kind: Pod
    >   indented: yes
    > EOF

    $ false              # exit 1
`

describe('parseScenario', () => {
  it('reads title, header and steps', () => {
    const scenario = parseScenario('x.txt', text)
    expect(scenario).toMatchObject({ title: 'First pods', modes: ['light'], nodes: 3, tunnel: 'vxlan' })
    expect(scenario.steps).toEqual([
      {
        line: 8,
        command: 'kubectl get pods   # within 10s',
        expected: ['web   Running', '...'],
        within: 10_000,
        exit: 0,
      },
      {
        line: 12,
        command: 'kubectl apply -f - <<EOF\nkind: Pod\n  indented: yes\nEOF',
        expected: [],
        within: 0,
        exit: 0,
      },
      { line: 17, command: 'false              # exit 1', expected: [], within: 0, exit: 1 },
    ])
  })

  it('takes the comment of a command of several lines from its last one as well', () => {
    const [step] = parseScenario(
      'x.txt',
      'Title\n\n    $ for i in 1 2; do\n    > false; done    # within 5s, exit 1\n',
    ).steps
    expect(step).toMatchObject({ within: 5000, exit: 1 })
  })

  it('names the line of expected output without a command', () => {
    expect(() => parseScenario('x.txt', 'Title\n\n    Running\n')).toThrow('x.txt:3')
  })

  it('rejects a mode that does not exist', () => {
    expect(() => parseScenario('x.txt', 'Title\nmodes: heavy\n')).toThrow('expected light or full, got heavy')
  })
})

describe('matches', () => {
  it('compares whole outputs, with * inside lines and ... for lines', () => {
    expect(matches(['a *', '...', 'z'], 'a b\nc\nd\nz\n')).toBe(true)
    expect(matches(['a *', '...', 'z'], 'a b\nz')).toBe(true)
    expect(matches(['a'], 'a\nb')).toBe(false)
    expect(matches(['a.c'], 'abc')).toBe(false)
  })

  it('takes any output when none is expected', () => {
    expect(matches([], 'whatever')).toBe(true)
  })
})
