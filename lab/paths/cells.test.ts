import { describe, expect, it } from 'vitest'
import { allCells, type Cell, serviceOf } from './cells.ts'
import { promiseOf } from './promise.ts'

const cell = (over: Partial<Cell>): Cell => ({
  client: 'outside',
  kind: 'NodePort',
  policy: 'Local',
  endpoint: 'far',
  entry: 'far',
  family: 4,
  protocol: 'tcp',
  ...over,
})

describe('allCells', () => {
  it('has every way once', () => {
    const cells = allCells([4, 6])
    expect(new Set(cells.map(one => JSON.stringify(one))).size).toBe(cells.length)
    expect(cells.length).toBe(2 * allCells([4]).length)
  })

  it('does not ask for the inside from outside', () => {
    const outside = allCells([4]).filter(({ client }) => client === 'outside')
    expect(new Set(outside.map(({ kind }) => kind))).toEqual(
      new Set(['NodePort', 'LoadBalancer', 'externalIP', 'hostPort']),
    )
    expect(outside.every(({ entry }) => entry !== undefined)).toBe(true)
  })
})

describe('serviceOf', () => {
  it('is a name that Kubernetes accepts', () => {
    for (const one of allCells([4])) expect(serviceOf(one)).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/)
  })
})

describe('promiseOf', () => {
  it('keeps the address of a client outside with policy Local, on a node with an endpoint alone', () => {
    expect(promiseOf(cell({}))).toEqual({ answer: 'yes', source: 'own' })
    expect(promiseOf(cell({ entry: 'near' })).answer).toBe('drop')
    expect(promiseOf(cell({ client: 'host', endpoint: 'near' })).answer).toBe('drop')
    expect(promiseOf(cell({ client: 'host', entry: 'near' })).answer).toBe('yes')
  })

  it("keeps a pod's address on the way to a pod", () => {
    expect(promiseOf(cell({ client: 'pod', kind: 'ClusterIP', policy: 'Cluster' }))).toEqual({
      answer: 'yes',
      source: 'own',
    })
  })

  it('stays on the node with internalTrafficPolicy Local', () => {
    expect(promiseOf(cell({ client: 'pod', kind: 'ClusterIP' })).answer).toBe('drop')
    expect(promiseOf(cell({ client: 'pod', kind: 'ClusterIP', endpoint: 'near' })).answer).toBe('yes')
  })

  it('refuses where nobody is', () => {
    expect(promiseOf(cell({ endpoint: 'none' })).answer).toBe('refuse')
  })
})
