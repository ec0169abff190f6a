import { ovnNames } from '@ovnkit/cni-api'
import { OvsdbObjects } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import { clusterRows, inCluster } from './cluster-rows.ts'

const names = ovnNames('my-cluster')
const columnsOf = (table: string, columns: Parameters<typeof inCluster>[0]['columns']) =>
  inCluster({ table, key: 'k', columns }, names).columns

describe('rows under the names of a cluster', () => {
  it('have the cluster in their own name', () => {
    expect(columnsOf('Logical_Switch', { name: 'join' })).toEqual({ name: 'my-cluster.join' })
    expect(columnsOf('Address_Set', { name: 'overlay_v4' })).toEqual({ name: 'my_cluster.overlay_v4' })
  })

  it('have it wherever a match says a port or a set, and nowhere else', () => {
    const match =
      'ip4.src == $overlay_v4 && is_chassis_resident("node-n1") || ip6.dst == {fd00::/64, ::1} && outport == @pg.x'
    expect(columnsOf('Logical_Router_Policy', { match, priority: 3 })).toEqual({
      match:
        'ip4.src == $my_cluster.overlay_v4 && is_chassis_resident("my-cluster.node-n1") || ip6.dst == {fd00::/64, ::1} && outport == @my_cluster.pg.x',
      priority: 3,
    })
  })

  it('lead to routers of the cluster', () => {
    const options = { 'router-port': 'cluster-join', other: 'x' }
    expect(columnsOf('Logical_Switch_Port', { options })).toEqual({
      options: { 'router-port': 'my-cluster.cluster-join', other: 'x' },
    })
  })

  it('have variables of their own in balancers', () => {
    const vips = { '10.96.0.1:80': '^pods.a.b', '^address.a.v6:80': '^x', '10.96.0.2:80': '10.0.0.1:8080' }
    expect(columnsOf('Load_Balancer', { vips })).toEqual({
      vips: {
        '10.96.0.1:80': '^my_cluster.pods.a.b',
        '^my_cluster.address.a.v6:80': '^my_cluster.x',
        '10.96.0.2:80': '10.0.0.1:8080',
      },
    })
    const maker = clusterRows(new OvsdbObjects({ target: 'nb', namespace: 'n' }), names)
    const row = { table: 'Chassis_Template_Var', key: 'node/n1' }
    expect(maker.element({ row, column: 'variables', key: 'x', value: '1' }).member).toBe('my_cluster.x')
  })

  it('are left alone without a cluster name', () => {
    const objects = new OvsdbObjects({ target: 'nb', namespace: 'n' })
    expect(clusterRows(objects, ovnNames(''))).toBe(objects)
  })

  it('refer to what is somebody else’s by its own name', () => {
    const maker = clusterRows(new OvsdbObjects({ target: 'nb', namespace: 'n' }), names)
    const row = { table: 'Port_Group', index: 'byName', value: 'sg_web' }
    expect(maker.element({ row, column: 'ports', value: 'u' }).row.value).toBe('sg_web')
  })
})
