import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { ovnNames } from './ovn-names.ts'

describe('names of a cluster’s rows', () => {
  it('are as they are without a cluster name', () => {
    const names = ovnNames('')
    expect([names.of('join'), names.inExpression('overlay_v4')]).toEqual(['join', 'overlay_v4'])
  })

  it('start with the cluster’s name, which has no hyphen where expressions are', () => {
    const names = ovnNames('my-cluster')
    expect(names.of('default_web')).toBe('my-cluster.default_web')
    expect(names.inExpression('overlay_v4')).toBe('my_cluster.overlay_v4')
  })

  it.each(['Prod', 'a_b', '1a', 'a.', '-a', 'a'.repeat(33)])('cannot be told by %s', clusterName => {
    const env = { ZSTACK_OVN_CLUSTER_NAME: clusterName }
    expect(() => readConfig({ file: undefined, env })).toThrow(/clusterName/)
  })
})
