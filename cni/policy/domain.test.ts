import { describe, expect, it } from 'vitest'
import { domainUse, meaning, parseDomainName } from './domain.ts'
import type { PodGroup } from './group.ts'
import type { Policy, PolicyRule } from './rule.ts'
import { anything } from './selector.ts'

describe('a domain name', () => {
  it.each([
    ['Kubernetes.IO', 'kubernetes.io'],
    ['*.kubernetes.io.', '*.kubernetes.io'],
    ['_dmarc.a-b.example', '_dmarc.a-b.example'],
  ])('%s is %s', (text, name) => {
    expect(parseDomainName(text)).toBe(name)
  })

  it.each(['localhost', '*', '*.io', 'a.*.io', '*a.b.io', '', 'a..b', '-a.b', 'a.b-', `${'a'.repeat(250)}.b.c`])(
    '"%s" is none',
    text => {
      expect(() => parseDomainName(text)).toThrow('expected a domain name like')
    },
  )

  it('means itself alone, with a wildcard whatever ends with it', () => {
    const wanted = new Set(['kubernetes.io', '*.kubernetes.io', 'blog.kubernetes.io', '*.blog.kubernetes.io'])
    const all = (name: string) => meaning(wanted, name)
    expect(all('kubernetes.io')).toEqual(['kubernetes.io'])
    expect(all('blog.kubernetes.io')).toEqual(['blog.kubernetes.io', '*.kubernetes.io'])
    expect(all('latest.blog.kubernetes.io')).toEqual(['*.blog.kubernetes.io', '*.kubernetes.io'])
    expect(all('www.kubernetes.io')).toEqual(['*.kubernetes.io'])
    for (const other of ['my-kubernetes.io', 'wikipedia.org', 'io', '', 'kubernetes.io.example'])
      expect(all(other)).toEqual([])
  })
})

describe('what is to be learned', () => {
  const subject = (app: string): PodGroup => ({
    namespaces: { selector: anything },
    pods: [{ key: 'app', operator: 'In', values: [app] }],
  })
  const policy = (app: string, ...rules: PolicyRule[]): Policy => ({
    ...{ kind: 'ClusterNetworkPolicy', namespace: '', name: app, uid: '', band: 'admin', rank: 0 },
    ...{ subject: subject(app), isolates: [], rules, problems: [] },
  })
  const to = (...names: string[]): PolicyRule => ({
    direction: 'egress',
    action: 'allow',
    peers: [{ kind: 'domains', names }],
    ports: 'all',
  })

  it('is every name once, and every group of pods that may use one', () => {
    const use = domainUse([policy('a', to('b.c', 'a.b'), to('a.b')), policy('a', to('x.y')), policy('b', to('a.b'))])
    expect(use?.names).toEqual(['a.b', 'b.c', 'x.y'])
    expect(use?.subjects.map(({ pods }) => pods[0]?.values[0]).sort()).toEqual(['a', 'b'])
  })

  it('is nothing where nobody names any', () => {
    expect(domainUse([policy('a', { direction: 'egress', action: 'deny', peers: 'everybody', ports: 'all' })])).toBe(
      undefined,
    )
  })
})
