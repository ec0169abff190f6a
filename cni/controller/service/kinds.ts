import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { addressSet, chassisVariables, dropPolicy, inAddressSet, loadBalancerGroup } from '@ovnkit/ovn'
import type { Desired, OvsdbObjects, OwnerKind, ReadableStore, View } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { ipFields, policyPriority, routerPolicies } from '../render/layout.ts'
import { replyPolicies } from '../render/replies.ts'
import { setMembers } from '../render/sets.ts'
import { type BalancerOptions, balancersOf, variablesOf } from './balancers.ts'
import { balancerGroups, externalServiceSet, localServiceSet, variablesKey, variablesParent } from './layout.ts'
import { externalAddresses, publishedBy } from './published.ts'
import { type Nodes, vipsOf } from './vips.ts'

/** What the renders of Services read. */
export interface ServiceWorld extends BalancerOptions {
  readonly services: ReadableStore<ServiceFacts>
  readonly slices: ReadableStore<SliceFacts, 'service'>
  readonly nodes: ReadableStore<NodeFacts, 'chassis'>
  readonly zones: ReadableStore<string>
  readonly joins: ReadableStore<JoinPlace>
  /** The server has Chassis_Template_Var (OVN 22.12). */
  readonly templates: boolean
}

type Maker = Pick<OvsdbObjects, 'row' | 'element' | 'ref'>

/** Owners of balancers: what exists once, what exists for each node, and the Services. A node that comes or goes touches no Service, unless its endpoints are chosen by zone. */
export function serviceKinds(world: ServiceWorld, nb: Maker): OwnerKind[] {
  return [
    {
      kind: 'balancing',
      keys: ['-'],
      order: 0,
      render: () => ({ kind: 'objects', objects: renderShared(nb) }),
    },
    {
      kind: 'node-variables',
      keys: world.nodes,
      order: 1,
      render(key, view) {
        const node = world.templates ? view.get(world.nodes, key) : undefined
        const row = node && nb.row(chassisVariables({ key: variablesKey(key), chassis: node.chassis }))
        return { kind: 'objects', objects: row === undefined ? [] : [row] }
      },
    },
    {
      kind: 'service',
      keys: world.services,
      order: 2,
      render: (key, view) => ({ kind: 'objects', objects: renderService(world, nb, key, view) }),
    },
  ]
}

/** The groups, the set of addresses that hosts serve, and a drop for what no balancer took of addresses that pods reach on their own node only: there is no endpoint on it. */
function renderShared(nb: Maker): Desired[] {
  const rows = ([4, 6] as const).flatMap(family => {
    const name = localServiceSet(family)
    return [
      // Both are filled by the Services.
      addressSet({ key: name, name }),
      addressSet({ key: externalServiceSet(family), name: externalServiceSet(family) }),
      dropPolicy({
        key: `local-services/${family}`,
        router: routerPolicies,
        priority: policyPriority.localService,
        match: inAddressSet(ipFields[family].dst, name),
      }),
    ]
  })
  return [...Object.values(balancerGroups).map(name => loadBalancerGroup({ key: name, name })), ...rows].map(row =>
    nb.row(row),
  )
}

function renderService(world: ServiceWorld, nb: Maker, key: string, view: View): Desired[] {
  const service = view.get(world.services, key)
  if (service === undefined) return []
  const slices = view.by(world.slices, 'service', key).map(([, slice]) => slice)
  const vips = vipsOf(service, slices, world.templates ? nodesOf(world, view) : undefined)
  const balancers = balancersOf(service, vips, world)
  return [
    ...replyPolicies(`service/${key}`, publishedBy(service, slices), world.joins, view).map(row => nb.row(row)),
    ...balancers.map(({ row }) => nb.row(row)),
    ...balancers.flatMap(({ row, groups }) =>
      groups.map(group =>
        nb.element({
          row: { table: 'Load_Balancer_Group', key: group },
          column: 'load_balancer',
          value: nb.ref(row.table, row.key),
        }),
      ),
    ),
    ...variablesOf(service, vips).map(({ node, name, value }) =>
      nb.element({ ...variablesParent(node), key: name, value }),
    ),
    ...(service.internalLocal ? setMembers(nb, localServiceSet, service.clusterIPs.map(withFamily)) : []),
    ...setMembers(nb, externalServiceSet, externalAddresses(service).map(withFamily)),
  ]
}

const withFamily = (text: IpAddress) => ({ text, family: ipFamily(text) })

function nodesOf({ zones }: ServiceWorld, view: View): Nodes {
  return { names: () => view.keys(zones), zone: name => view.get(zones, name) }
}
