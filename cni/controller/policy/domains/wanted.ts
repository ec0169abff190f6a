import type { Config, PodSelection, ResolvedNamesSpec } from '@ovnkit/cni-api'
import type { DomainUse, PodGroup, Selector } from '@ovnkit/cni-policy'
import type { ServiceFacts } from '@ovnkit/cni-service'
import { addressBits, cidrOf, ipFamily } from '@ovnkit/inet'
import type { LabelSelector } from '@ovnkit/kube'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import { oncePerTurn } from '../../once-per-turn.ts'

/** The only key of both stores. */
export const ofCluster = '-'

export interface WantedOptions {
  readonly servers: Config['networkPolicy']['dnsServers']
  /** By `ofCluster`; nothing where no policy has domain names. */
  readonly use: ReadableStore<DomainUse>
  readonly services: ReadableStore<ServiceFacts>
}

/** What every node is to learn, by `ofCluster`; nothing where there is nothing to learn. */
export function followWanted({ servers, use, services }: WantedOptions): {
  readonly store: Store<ResolvedNamesSpec>
  readonly stop: Disposable
} {
  const store = new Store<ResolvedNamesSpec>({ name: 'names that nodes learn', equals: same })
  const named = new Set(servers.flatMap(one => ('service' in one ? [one.service] : [])))
  const stop = new DisposableStack()
  const look = () => {
    const wanted = use.get(ofCluster)
    if (wanted === undefined || stop.disposed) store.delete(ofCluster)
    else store.set(ofCluster, specOf(wanted, servers, services))
  }
  look()
  store.markSynced()
  stop.use(use.subscribe(look))
  const lookSoon = oncePerTurn(look)
  stop.use(services.subscribe(key => named.has(key) && lookSoon()))
  return { store, stop }
}

const specOf = (
  { names, subjects }: DomainUse,
  servers: WantedOptions['servers'],
  services: WantedOptions['services'],
): ResolvedNamesSpec => ({
  names,
  servers: [...new Set(servers.flatMap(one => networksOf(one, services)))],
  pods: subjects.map(selectionOf),
})

function networksOf(server: WantedOptions['servers'][number], services: WantedOptions['services']): string[] {
  if ('network' in server) return [server.network.text]
  const { clusterIPs = [] } = services.get(server.service) ?? {}
  return clusterIPs.map(address => cidrOf(address, addressBits(ipFamily(address))).text)
}

/** Kubernetes gives every namespace its name as a label. */
const selectionOf = ({ namespaces, pods }: PodGroup): PodSelection => ({
  namespaceSelector:
    'name' in namespaces
      ? { matchLabels: { 'kubernetes.io/metadata.name': namespaces.name } }
      : labelSelector(namespaces.selector),
  podSelector: labelSelector(pods),
})

const labelSelector = (selector: Selector): LabelSelector => ({
  matchExpressions: selector.map(({ key, operator, values }) => ({
    key,
    operator,
    ...(values.length > 0 && { values: [...values] }),
  })),
})
