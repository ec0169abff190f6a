import fc from 'fast-check'
import { expect, it } from 'vitest'
import { and, equals, everything, type Match, not, nothing, or } from './match.ts'

/** A boolean formula over four packets' worth of destination ports, the model that the expression's text must agree with. */
type Formula =
  | { kind: 'port'; port: number }
  | { kind: 'and' | 'or'; parts: Formula[] }
  | { kind: 'not'; part: Formula }

const formulas = fc.letrec<{ formula: Formula }>(tie => ({
  formula: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'formula' },
    fc.record({ kind: fc.constant('port' as const), port: fc.integer({ min: 0, max: 3 }) }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('formula'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('formula') }),
  ),
})).formula

function build(formula: Formula): Match {
  switch (formula.kind) {
    case 'port':
      return equals('tcp.dst', formula.port)
    case 'not':
      return not(build(formula.part))
    case 'and':
      return and(...formula.parts.map(build))
    case 'or':
      return or(...formula.parts.map(build))
  }
}

function holds(formula: Formula, port: number): boolean {
  switch (formula.kind) {
    case 'port':
      return formula.port === port
    case 'not':
      return !holds(formula.part, port)
    case 'and':
      return formula.parts.every(part => holds(part, port))
    case 'or':
      return formula.parts.some(part => holds(part, port))
  }
}

/** Evaluates as OVN's parser does: left to right at one level, refusing two different operators there. */
function evaluate(text: string, port: number): boolean {
  const tokens = text.match(/tcp\.dst == \d+|&&|\|\||[!()01]/g) ?? []
  let at = 0
  const primary = (): boolean => {
    const token = tokens[at++]
    if (token === '!') return !primary()
    if (token === '(') {
      const value = level()
      if (tokens[at++] !== ')') throw new Error(`no closing parenthesis in ${text}`)
      return value
    }
    if (token === '0' || token === '1') return token === '1'
    if (token === undefined) throw new Error(`${text} ends early`)
    return Number(token.slice('tcp.dst == '.length)) === port
  }
  const level = (): boolean => {
    let value = primary()
    const operator = tokens[at]
    while (tokens[at] === '&&' || tokens[at] === '||') {
      if (tokens[at] !== operator) throw new Error(`&& and || mixed in ${text}`)
      at++
      const next = primary()
      value = operator === '&&' ? value && next : value || next
    }
    return value
  }
  return level()
}

it('means what the formula means, and never mixes operators at one level', () => {
  fc.assert(
    fc.property(formulas, fc.integer({ min: 0, max: 3 }), (formula, port) => {
      expect(evaluate(build(formula).text, port)).toBe(holds(formula, port))
    }),
  )
  expect([everything.text, nothing.text]).toEqual(['1', '0'])
})
