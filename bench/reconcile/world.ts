import {
  Engine,
  OvsdbObjects,
  OvsdbTarget,
  type OwnerKind,
  type Rendered,
  type Replica,
  Store,
} from '@ovnkit/reconcile'

export interface Pod {
  readonly subnet: string
  readonly address: string
  readonly node: string
}

export interface Sources {
  readonly pods: Store<Pod>
  readonly subnets: Store<string>
}

export const TABLES = ['Logical_Switch', 'Logical_Switch_Port', 'Port_Group', 'Address_Set'] as const

const nb = new OvsdbObjects({ target: 'nb', namespace: 'bench' })

export function podAt(i: number, node = 1): Pod {
  return { subnet: `subnet-${i % 10}`, address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, node: `node-${node}` }
}

export const podKey = (i: number): string => `namespace-${i % 20}/deployment-5f8d7c9b${i}`

/** Ten subnets, and pods on them: a port, its membership in the namespace's port group, its address in the address set. */
export function sourcesWith(pods: number): Sources {
  const sources: Sources = { pods: new Store({ name: 'pods' }), subnets: new Store({ name: 'subnets' }) }
  sources.subnets.replace(Array.from({ length: 10 }, (_, i) => [`subnet-${i}`, `10.${i}.0.0/16`]))
  sources.pods.replace(Array.from({ length: pods }, (_, i) => [podKey(i), podAt(i)] as const))
  return sources
}

export function engineOver(replica: Replica, sources: Sources): Engine {
  const ownership = { mark: ['managed-by', 'bench'], owner: 'owner' } as const
  const contributed = [
    { table: 'Port_Group', column: 'ports' },
    { table: 'Address_Set', column: 'addresses' },
  ]
  const target = new OvsdbTarget({ name: 'nb', replica, ownership, contributed })
  return new Engine({ owners: [subnetKind(sources), groupKind(), podKind(sources)], targets: [target] })
}

function subnetKind({ subnets }: Sources): OwnerKind {
  return {
    kind: 'subnet',
    keys: subnets,
    render: (name, view): Rendered => {
      const columns = { name, other_config: { subnet: view.get(subnets, name) } }
      return { kind: 'objects', objects: [nb.row({ table: 'Logical_Switch', key: name, columns })] }
    },
  }
}

function groupKind(): OwnerKind {
  return {
    kind: 'namespace',
    keys: Array.from({ length: 20 }, (_, i) => `namespace-${i}`),
    render: name => ({
      kind: 'objects',
      objects: [
        nb.row({ table: 'Port_Group', key: name, columns: { name } }),
        nb.row({ table: 'Address_Set', key: name, columns: { name } }),
      ],
    }),
  }
}

function podKind({ pods, subnets }: Sources): OwnerKind {
  return {
    kind: 'pod',
    keys: pods,
    order: 1,
    render(key, view) {
      const pod = view.get(pods, key)
      if (!pod || !view.has(subnets, pod.subnet)) return { kind: 'wait', reason: 'NoSubnet' }
      const [namespace = '', name = ''] = key.split('/')
      const columns = {
        name: `${namespace}_${name}`,
        addresses: [`0a:58:00:00:00:01 ${pod.address}`],
        options: { 'requested-chassis': pod.node },
        external_ids: { namespace, pod: name },
      }
      const parent = { table: 'Logical_Switch', key: pod.subnet, column: 'ports' }
      return {
        kind: 'objects',
        objects: [
          nb.row({ table: 'Logical_Switch_Port', key, columns, parent }),
          nb.element({
            row: { table: 'Port_Group', key: namespace },
            column: 'ports',
            value: nb.ref('Logical_Switch_Port', key),
          }),
          nb.element({ row: { table: 'Address_Set', key: namespace }, column: 'addresses', value: pod.address }),
        ],
      }
    },
  }
}
