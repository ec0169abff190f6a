import type { MatchContext } from '@ovnkit/cni-policy'
import { domainPeerSets } from '../domains/kinds.ts'
import { nodePeerSets } from './node-peers.ts'

/** What stands for peers in an expression that are neither pods nor networks. */
export const furtherPeers: MatchContext['furtherPeers'] = (peer, family) =>
  peer.kind === 'nodes' ? nodePeerSets(peer, family) : domainPeerSets(peer, family)
