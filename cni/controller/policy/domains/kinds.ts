import { externalIds, type ResolvedNamesSpec, resolvedNames } from '@ovnkit/cni-api'
import { domainSetId, domainSetName, type Peer } from '@ovnkit/cni-policy'
import { type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import type { KubeDesires } from '@ovnkit/kube'
import { addressSet, addressSetIn } from '@ovnkit/ovn'
import type { OvsdbObjects, OwnerKind, ReadableStore } from '@ovnkit/reconcile'
import type { NodeFacts } from '../../facts/node.ts'
import { setMembers } from '../../render/sets.ts'
import { ofPods } from '../families.ts'
import { ofCluster } from './wanted.ts'

export interface DomainWorld {
  /** Domain names that are peers, by `domainSetId`, */
  readonly domainNames: ReadableStore<string>
  /** and the addresses that nodes have learned of them, by the same. */
  readonly learned: ReadableStore<readonly IpAddress[]>
  /** What nodes are to learn. */
  readonly wanted: ReadableStore<ResolvedNamesSpec>
  readonly families: ReadableStore<readonly Family[]>
}

/** The addresses of each domain name: one pair of sets, which all rules share. */
export function domainPeersKind(
  { domainNames, learned, families }: DomainWorld,
  nb: Pick<OvsdbObjects, 'row' | 'element'>,
): OwnerKind {
  return {
    kind: 'policy-domain',
    keys: domainNames,
    order: 2.1,
    render(id, view) {
      const name = view.get(domainNames, id)
      if (name === undefined) return { kind: 'objects', objects: [] }
      const wanted = view.get(families, ofPods) ?? []
      const rows = wanted.map(family => {
        const key = domainSetName(id, family)
        return nb.row(addressSet({ key, name: key, externalIds: { [externalIds.domainName]: name } }))
      })
      const members = (view.get(learned, id) ?? [])
        .map(text => ({ text, family: ipFamily(text) }))
        .filter(({ family }) => wanted.includes(family))
      return { kind: 'objects', objects: [...rows, ...setMembers(nb, family => domainSetName(id, family), members)] }
    },
  }
}

/** Tells each node what to learn, by an object of its name: while there is anything to learn, and for as long as there is the node. */
export function learningKind(
  {
    nodes,
    policy,
  }: { readonly nodes: ReadableStore<NodeFacts, 'chassis'>; readonly policy: Pick<DomainWorld, 'wanted'> },
  kube: KubeDesires,
): OwnerKind {
  return {
    kind: 'resolved-names',
    keys: nodes,
    order: 4,
    render(name, view) {
      const spec = view.get(policy.wanted, ofCluster)
      const node = view.get(nodes, name)
      if (spec === undefined || node === undefined) return { kind: 'objects', objects: [] }
      return { kind: 'objects', objects: [kube.object(resolvedNames, { metadata: { name }, spec })] }
    },
  }
}

/** What stands for a domain name in an expression. */
export const domainPeerSets = ({ names }: Extract<Peer, { kind: 'domains' }>, family: Family): string[] =>
  names.map(name => addressSetIn(domainSetName(domainSetId(name), family)))
