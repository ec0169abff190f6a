import { describe, expect, it } from 'vitest'
import { focusOf, namesIn, planRun } from './plan.ts'

const listing = `The following spec names can be used with 'ginkgo run --focus/skip':
    k8s.io/kubernetes@v1.36.3/test/e2e/apps/job.go:1: [sig-apps] Job should run
    k8s.io/kubernetes@v1.36.3/test/e2e/network/service.go:2: [sig-network] Services should (really) work [Serial]
    k8s.io/kubernetes@v1.36.3/test/e2e/network/dns.go:3: [sig-network] DNS should provide DNS for services [Conformance]
    k8s.io/kubernetes@v1.36.3/test/e2e/network/kube_proxy.go:4: [sig-network] KubeProxy should set TCP CLOSE_WAIT timeout [Privileged]
    k8s.io/kubernetes@v1.36.3/test/e2e/network/dual_stack.go:5: [sig-network] [Feature:IPv6DualStack] should reach
`

describe('namesIn', () => {
  it("takes the network's tests out of a listing", () => {
    expect(namesIn(listing)).toEqual([
      '[sig-network] DNS should provide DNS for services [Conformance]',
      '[sig-network] KubeProxy should set TCP CLOSE_WAIT timeout [Privileged]',
      '[sig-network] Services should (really) work [Serial]',
      '[sig-network] [Feature:IPv6DualStack] should reach',
    ])
  })
})

describe('planRun', () => {
  const plan = (options: Partial<Parameters<typeof planRun>[1]> = {}) =>
    planRun(namesIn(listing), { families: 'ipv4', nodes: 3, ...options })

  it('tells apart what runs side by side, what runs alone, and what is left out', () => {
    expect(plan().parallel).toEqual(['[sig-network] DNS should provide DNS for services [Conformance]'])
    expect(plan().alone).toEqual(['[sig-network] Services should (really) work [Serial]'])
    expect(plan().skipped.map(({ test }) => test)).toEqual([
      '[sig-network] KubeProxy should set TCP CLOSE_WAIT timeout [Privileged]',
      '[sig-network] [Feature:IPv6DualStack] should reach',
    ])
  })

  it('begins with what takes longest', () => {
    const names = ['[sig-network] a', '[sig-network] b [Slow]', '[sig-network] c']
    expect(planRun(names, { families: 'ipv4', nodes: 3 }).parallel).toEqual([names[1], names[0], names[2]])
  })

  it('runs the tests of both families in a dual cluster only', () => {
    expect(plan({ families: 'dual' }).parallel).toContain('[sig-network] [Feature:IPv6DualStack] should reach')
  })

  it('takes only what is asked for', () => {
    expect(plan({ focus: /DNS/ })).toMatchObject({ alone: [], skipped: [] })
    expect(plan({ only: [/really/] })).toMatchObject({ parallel: [], skipped: [] })
  })
})

describe('focusOf', () => {
  it('matches these tests and no others', () => {
    const focus = new RegExp(focusOf(['[sig-network] Services should (really) work [Serial]']))
    expect(focus.test('Kubernetes e2e suite [sig-network] Services should (really) work [Serial]')).toBe(true)
    expect(focus.test('Kubernetes e2e suite [sig-network] Services should (really) work [Serial] more')).toBe(false)
  })
})
