import { InetError, parseCidr } from '@ovnkit/inet'
import { parseDomainName } from '../domain.ts'
import type { PodGroup } from '../group.ts'
import { PolicyMistake } from '../mistake.ts'
import type { Action, Peer } from '../rule.ts'
import { anything, parseSelector } from '../selector.ts'
import type { ApiPeer, ApiSubject } from './objects.ts'

/**
 * The pods that namespaces or labels name.
 * @throws PolicyMistake where it says neither: its author knows something that we do not
 */
export function groupOf({ namespaces, pods }: ApiSubject): PodGroup {
  if (namespaces) return { namespaces: { selector: parseSelector(namespaces) }, pods: anything }
  if (pods)
    return {
      namespaces: { selector: parseSelector(pods.namespaceSelector ?? {}) },
      pods: parseSelector(pods.podSelector ?? {}),
    }
  throw new PolicyMistake('expected namespaces or pods, got neither')
}

/**
 * @param action of the rule
 * @throws PolicyMistake for what cannot be carried out
 */
export function peersOf(peer: ApiPeer, action: Action): Peer[] {
  const { nodes, networks, domainNames } = peer
  if (networks) return networks.map(blockOf)
  if (nodes) return [{ kind: 'nodes', selector: parseSelector(nodes) }]
  if (domainNames) return [domainsOf(domainNames, action)]
  if (peer.namespaces || peer.pods) return [{ kind: 'pods', group: groupOf(peer) }]
  throw new PolicyMistake('expected namespaces, pods, nodes, networks or domainNames as a peer, got none of them')
}

/** What a name stands for is never known whole: who is denied by it would not be for certain. */
function domainsOf(texts: readonly string[], action: Action): Peer {
  if (action !== 'allow')
    throw new PolicyMistake(`expected action Accept or Allow for domainNames, got one that would ${action}`)
  return { kind: 'domains', names: [...new Set(texts.map(parseDomainName))].sort() }
}

function blockOf(text: string): Peer {
  try {
    return { kind: 'block', cidr: parseCidr(text, { hostBits: 'mask' }), except: [] }
  } catch (error) {
    if (error instanceof InetError) throw new PolicyMistake(error.message)
    throw error
  }
}
