import { InetError, parseCidr } from '@ovnkit/inet'
import type { PodGroup } from '../group.ts'
import { PolicyMistake } from '../mistake.ts'
import type { Peer } from '../rule.ts'
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

/** @throws PolicyMistake for what cannot be carried out */
export function peersOf(peer: ApiPeer): Peer[] {
  const { nodes, networks, domainNames } = peer
  if (networks) return networks.map(blockOf)
  if (nodes) return [{ kind: 'nodes', selector: parseSelector(nodes) }]
  if (domainNames) throw new PolicyMistake('domainNames are not supported')
  if (peer.namespaces || peer.pods) return [{ kind: 'pods', group: groupOf(peer) }]
  throw new PolicyMistake('expected namespaces, pods, nodes or networks as a peer, got none of them')
}

function blockOf(text: string): Peer {
  try {
    return { kind: 'block', cidr: parseCidr(text, { hostBits: 'mask' }), except: [] }
  } catch (error) {
    if (error instanceof InetError) throw new PolicyMistake(error.message)
    throw error
  }
}
