import { cidrOf, parseIp } from '@ovnkit/inet'
import type { AdminPeer, ClusterPolicy, NetworkPolicy, PolicyPeer } from '../objects.ts'
import { defined } from './defined.ts'

/**
 * A network around something whose address is not known when the policy is made: `@4:x/a/28` is the network of 28 bits with the IPv4
 * address of pod x/a in it; nodes (`n1`) and the outsider (`client`) have places, too.
 */
export const around = (place: string, family: 4 | 6, prefix: number): string => `@${family}:${place}/${prefix}`

/** An address of a place; undefined: it has none in this family. */
export type AddressOf = (place: string, family: 4 | 6) => string | undefined

/** The policy with addresses in place of its tokens. What has no address is left out, and its rule matches nothing by it. */
export function resolved(policy: NetworkPolicy, addressOf: AddressOf): NetworkPolicy {
  const peers = (all: readonly PolicyPeer[] | undefined) => all?.map(one => resolvedPeer(one, addressOf))
  const { ingress, egress, ...rest } = policy.spec ?? {}
  return {
    ...policy,
    spec: {
      ...rest,
      ...(ingress === undefined ? {} : { ingress: ingress.map(one => defined({ ...one, from: peers(one.from) })) }),
      ...(egress === undefined ? {} : { egress: egress.map(one => defined({ ...one, to: peers(one.to) })) }),
    },
  }
}

/** The same of a policy of the cluster. */
export function resolvedClusterPolicy(policy: ClusterPolicy, addressOf: AddressOf): ClusterPolicy {
  const withPeers = <Rule extends { readonly to?: readonly AdminPeer[] | undefined }>(rule: Rule): Rule => ({
    ...rule,
    to: rule.to?.map(peer => resolvedAdminPeer(peer, addressOf)),
  })
  if (policy.kind === 'ClusterNetworkPolicy')
    return { ...policy, spec: { ...policy.spec, egress: policy.spec.egress?.map(withPeers) } }
  return { ...policy, spec: { ...policy.spec, egress: policy.spec.egress?.map(withPeers) } }
}

/** The API refuses a network that is named twice, and a peer without any. */
function resolvedAdminPeer(peer: AdminPeer, addressOf: AddressOf): AdminPeer {
  if (peer.networks === undefined) return peer
  const networks = new Set(peer.networks.flatMap(one => networkOf(one, addressOf) ?? []))
  return { networks: networks.size === 0 ? [nobody] : [...networks] }
}

/** A network of documentation's own: nobody in a cluster has an address of it (RFC 5737). */
const nobody = '192.0.2.0/24'

function resolvedPeer(peer: PolicyPeer, addressOf: AddressOf): PolicyPeer {
  if (peer.ipBlock === undefined) return peer
  const { cidr, except = [] } = peer.ipBlock
  const network = networkOf(cidr, addressOf)
  if (network === undefined) return { ipBlock: { cidr: nobody } }
  const excluded = except.flatMap(one => networkOf(one, addressOf) ?? [])
  return { ipBlock: { cidr: network, ...(excluded.length === 0 ? {} : { except: excluded }) } }
}

function networkOf(text: string, addressOf: AddressOf): string | undefined {
  const [, digit, place = '', prefix] = /^@([46]):(.+)\/(\d+)$/.exec(text) ?? []
  if (digit === undefined) return text
  const address = addressOf(place, digit === '4' ? 4 : 6)
  return address === undefined ? undefined : cidrOf(parseIp(address), Number(prefix)).text
}
