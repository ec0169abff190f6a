import { hash } from 'node:crypto'
import type { Family } from '@ovnkit/inet'
import type { Policy } from './rule.ts'
import { type Selector, selectorText } from './selector.ts'

/** Identity of nodes that a selector names, for rows and stores. */
export const nodeSetId = (selector: Selector): string => `n${hash('sha256', selectorText(selector)).slice(0, 16)}`

/** The address set of nodes that a selector names, of one family. */
export const nodeSetName = (id: string, family: Family): string => `np_${id}_v${family}`

/** Every selector of nodes that policies have as a peer, by `nodeSetId`. */
export function nodeSelectors(policies: Iterable<Policy>): Map<string, Selector> {
  const found = new Map<string, Selector>()
  for (const { rules } of policies)
    for (const { peers } of rules)
      for (const peer of peers === 'everybody' ? [] : peers)
        if (peer.kind === 'nodes') found.set(nodeSetId(peer.selector), peer.selector)
  return found
}
