import type { Config } from '@ovnkit/cni-api'
import { allPods, type Policy, parseBlock, parseSelector, policyKey } from '@ovnkit/cni-policy'
import { Store } from '@ovnkit/reconcile'

const dnsPorts = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
] as const

const named = (name: string) => parseSelector({ matchLabels: { 'kubernetes.io/metadata.name': name } })

/** The label of the cluster's DNS, and the address that NodeLocal DNSCache has on every node. */
const dnsPods = {
  namespaces: { selector: named('kube-system') },
  pods: parseSelector({ matchLabels: { 'k8s-app': 'kube-dns' } }),
}
const dnsOnNode = '169.254.20.10/32'

/** What the configuration lets pods do whatever NetworkPolicies select them: a policy like others, that isolates nobody. */
export function configuredPolicies({
  networkPolicy,
}: {
  readonly networkPolicy: Pick<Config['networkPolicy'], 'alwaysAllowDNS'>
}): Store<Policy> {
  const store = new Store<Policy>({ name: 'configured policies' })
  if (networkPolicy.alwaysAllowDNS) {
    const policy: Policy = {
      kind: 'Configuration',
      namespace: '',
      name: 'alwaysAllowDNS',
      uid: '',
      band: 'network',
      rank: 0,
      subject: allPods,
      isolates: [],
      rules: [
        {
          direction: 'egress',
          action: 'allow',
          peers: [{ kind: 'pods', group: dnsPods }, parseBlock(dnsOnNode, [])],
          ports: dnsPorts,
        },
      ],
      problems: [],
    }
    store.set(policyKey(policy), policy)
  }
  store.markSynced()
  return store
}
