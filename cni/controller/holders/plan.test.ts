import { describe, expect, it } from 'vitest'
import { type Claim, excludedFromBalancers, type NodeState, planHolders } from './plan.ts'

const node = (name: string, more: Partial<NodeState> = {}): NodeState => ({
  name,
  labels: {},
  ready: true,
  schedulable: true,
  answers: true,
  ...more,
})
const anywhere: Claim = { balancer: false }
const plan = (claims: Record<string, Claim>, nodes: NodeState[], current: Record<string, string> = {}) =>
  Object.fromEntries(
    planHolders({ claims: new Map(Object.entries(claims)), nodes, current: new Map(Object.entries(current)) }),
  )

describe('the choice of a holder', () => {
  it('spreads claims over the nodes', () => {
    const claims = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map(key => [key, anywhere]))
    const nodes = Object.values(plan(claims, [node('n1'), node('n2'), node('n3')]))
    expect(nodes.sort()).toEqual(['n1', 'n1', 'n2', 'n2', 'n3', 'n3'])
  })

  it('stays where it is when nodes come', () => {
    const current = { a: 'n1', b: 'n1', c: 'n1' }
    expect(plan({ a: anywhere, b: anywhere, c: anywhere }, [node('n1'), node('n2')], current)).toEqual(current)
  })

  it.each([
    ['does not answer', node('n1', { answers: false })],
    ['is not ready', node('n1', { ready: false })],
    ['is cordoned', node('n1', { schedulable: false })],
  ])('leaves a node that %s for a good one', (_, bad) => {
    expect(plan({ a: anywhere }, [bad, node('n2')], { a: 'n1' })).toEqual({ a: 'n2' })
  })

  it('does not go back', () => {
    expect(plan({ a: anywhere }, [node('n1'), node('n2')], { a: 'n2' })).toEqual({ a: 'n2' })
  })

  it('stays on a bad node when there is nothing better, and moves to a cordoned one when the holder is dead', () => {
    const dead = node('n1', { answers: false })
    expect(plan({ a: anywhere }, [dead, node('n2', { ready: false })], { a: 'n1' })).toEqual({ a: 'n1' })
    expect(plan({ a: anywhere }, [dead, node('n2', { answers: false })], { a: 'n1' })).toEqual({ a: 'n1' })
    expect(plan({ a: anywhere }, [dead, node('n2', { schedulable: false })], { a: 'n1' })).toEqual({ a: 'n2' })
  })

  it('follows the labels', () => {
    const claim: Claim = { balancer: false, nodeSelector: { matchLabels: { gateway: '' } } }
    const [n1, n2] = [node('n1'), node('n2', { labels: { gateway: '' } })]
    expect(plan({ a: claim }, [n1, n2], { a: 'n1' })).toEqual({ a: 'n2' })
    expect(plan({ a: claim }, [n1], { a: 'n1' })).toEqual({})
  })

  it('keeps balancers, and only them, from nodes that do not want them', () => {
    const nodes = [node('n1', { labels: { [excludedFromBalancers]: '' } })]
    expect(plan({ a: { balancer: true }, b: anywhere }, nodes)).toEqual({ b: 'n1' })
  })

  it('is a node of use, or any when there is none', () => {
    const nodes = [node('n1'), node('n2')]
    expect(plan({ a: { ...anywhere, only: ['n2'] } }, nodes, { a: 'n1' })).toEqual({ a: 'n2' })
    expect(plan({ a: { ...anywhere, only: [] } }, nodes, { a: 'n1' })).toEqual({ a: 'n1' })
  })
})
