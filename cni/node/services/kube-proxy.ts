import { annotationNames } from '@ovnkit/cni-api'
import { resources } from '@ovnkit/kube'
import type { Rendered, View } from '@ovnkit/reconcile'
import { isRecord, listOf } from '../forwarding/packet.ts'
import { theRuleset } from '../forwarding/watch.ts'
import type { HostContext } from '../host/context.ts'
import { kubernetes } from '../host/objects.ts'

/**
 * Tells of a kube-proxy beside us: in an annotation of the Node, and by an Event where Services are ours. It does no harm: our chains come before its own, and
 * what neither translates it leaves alone.
 */
export function renderKubeProxy(context: HostContext, view: View): Rendered {
  const node = view.get(context.nodes, context.node)
  if (node === undefined) return { kind: 'wait', reason: 'NoNode', message: `Node ${context.node} does not exist` }
  const mode = kubeProxyMode(view.get(context.ruleset, theRuleset), [...view.keys(context.links)])
  const subject = { resource: resources.nodes, name: context.node, uid: node.uid }
  const objects = [
    kubernetes.annotations(subject, mode === undefined ? {} : { [annotationNames.node.kubeProxy]: mode }),
  ]
  if (mode === undefined || !context.config.service.kubeProxyReplacement) return { kind: 'objects', objects }
  const message =
    `rules of a kube-proxy (mode ${mode}) are on this node although Services are ours: it works for nothing, or has left them behind. Remove it and let it ` +
    'clean up (kube-proxy --cleanup), or set service.kubeProxyReplacement to false'
  return { kind: 'invalid', reason: 'KubeProxyFound', message, objects }
}

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
