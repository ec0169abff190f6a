import { type ReadableStore, type Rendered, Store, type View } from '@ovnkit/reconcile'
import { isRecord, listOf } from '../forwarding/packet.ts'
import { type RulesetStore, theRuleset } from '../forwarding/watch.ts'
import type { HostContext } from '../host/context.ts'

/** The mode of a kube-proxy beside us, under `theKubeProxy`; empty where there is none. */
export type KubeProxyStore = Store<string>
export const theKubeProxy = 'kube-proxy'

/** Follows what kube-proxies leave. That it is not known yet holds nothing up. */
export function watchKubeProxy(ruleset: RulesetStore, links: ReadableStore<unknown>): KubeProxyStore {
  const store: KubeProxyStore = new Store<string>({ name: 'kube-proxy' })
  const look = (): void => {
    const mode = kubeProxyMode(ruleset.get(theRuleset), [...links.keys()])
    if (mode === undefined) store.delete(theKubeProxy)
    else store.set(theKubeProxy, mode)
  }
  ruleset.subscribe(look)
  links.subscribe(look)
  store.markSynced()
  return store
}

/**
 * Says that a kube-proxy is beside us where Services are ours. It does no harm: our chains come before its own, and lead past what its filters refuse. Its mode
 * is in an annotation of the Node in any case.
 */
export function renderKubeProxy({ kubeProxy, config }: HostContext, view: View): Rendered {
  const mode = view.get(kubeProxy, theKubeProxy)
  if (mode === undefined || !config.service.kubeProxyReplacement) return { kind: 'objects', objects: [] }
  const message =
    `rules of a kube-proxy (mode ${mode}) are on this node although Services are ours: it works for nothing, or has left them behind. Remove it and let it ` +
    'clean up (kube-proxy --cleanup), or set service.kubeProxyReplacement to false'
  return { kind: 'invalid', reason: 'KubeProxyFound', message, objects: [] }
}

/**
 * Whether a kube-proxy's filters refuse new connections to cluster addresses (chain `cluster-ips-check`, mode nftables): it takes all that it has not
 * translated itself for a mistake. What we translate must go straight to an endpoint then.
 */
export const refusesClusterAddresses = ({ kubeProxy }: HostContext, view: View): boolean =>
  view.get(kubeProxy, theKubeProxy) === 'nftables'

/**
 * What a kube-proxy leaves in a host: its table (mode nftables), its entry chain (iptables), or its interface (ipvs).
 * @param ruleset answer of `nft -j list ruleset`
 */
export function kubeProxyMode(ruleset: unknown, links: readonly string[]): string | undefined {
  const objects = listOf(isRecord(ruleset) ? ruleset.nftables : undefined).filter(isRecord)
  if (objects.some(({ table }) => isRecord(table) && table.name === 'kube-proxy')) return 'nftables'
  if (links.includes('kube-ipvs0')) return 'ipvs'
  if (objects.some(({ chain }) => isRecord(chain) && chain.table === 'nat' && chain.name === 'KUBE-SERVICES'))
    return 'iptables'
  return undefined
}
