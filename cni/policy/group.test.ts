import { describe, expect, it } from 'vitest'
import { groupId, groupText, inGroup, type PodGroup, withPort } from './group.ts'
import { anything, parseSelector } from './selector.ts'

const web: PodGroup = { namespaces: { name: 'a' }, pods: parseSelector({ matchLabels: { app: 'web' } }) }
const pod = {
  namespace: 'a',
  labels: { app: 'web' },
  ports: [
    { protocol: 'TCP' as const, name: 'http', number: 80 },
    { protocol: 'UDP' as const, name: 'http', number: 81 },
  ],
}

describe('a group of pods', () => {
  it('of a namespace has no pods of others', () => {
    expect(inGroup(web, pod, {})).toBe(true)
    expect(inGroup(web, { ...pod, namespace: 'b' }, {})).toBe(false)
  })

  it('goes by the labels of namespaces', () => {
    const group = { namespaces: { selector: parseSelector({ matchLabels: { team: 'x' } }) }, pods: anything }
    expect(inGroup(group, pod, { team: 'x' })).toBe(true)
    expect(inGroup(group, pod, {})).toBe(false)
  })

  it('by what a port name means goes by number and protocol', () => {
    expect(inGroup(withPort(web, { protocol: 'TCP', name: 'http', number: 80 }), pod, {})).toBe(true)
    expect(inGroup(withPort(web, { protocol: 'TCP', name: 'http', number: 81 }), pod, {})).toBe(false)
    expect(inGroup(withPort(web, { protocol: 'SCTP', name: 'http', number: 80 }), pod, {})).toBe(false)
  })

  it('has a name that an expression can hold, and no two groups have the same', () => {
    const groups: PodGroup[] = [
      web,
      { ...web, pods: anything },
      { namespaces: { name: 'b' }, pods: web.pods },
      { namespaces: { selector: anything }, pods: web.pods },
      withPort(web, { protocol: 'TCP', name: 'http', number: 80 }),
      withPort(web, { protocol: 'TCP', name: 'http', number: 81 }),
      { ...web, pods: parseSelector({ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] }) },
      { ...web, pods: parseSelector({ matchExpressions: [{ key: 'app', operator: 'In', values: ['a,b'] }] }) },
    ]
    const ids = groups.map(groupId)
    expect(new Set(ids).size).toBe(groups.length)
    expect(ids.every(id => /^g[0-9a-f]{16}$/.test(id))).toBe(true)
    expect(groupId({ ...web })).toBe(ids[0])
  })

  it('can be told', () => {
    expect(groupText(withPort(web, { protocol: 'TCP', name: 'http', number: 80 }))).toBe(
      'namespace a pods [app=web] where TCP http is 80',
    )
  })
})
