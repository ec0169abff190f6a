import type { Operation } from '@ovnkit/ovsdb'
import { switchRow } from './bridges.ts'
import { ovs } from './operations.ts'
import type { LocalSwitch } from './replica.ts'

const mappingsKey = 'ovn-bridge-mappings'

/** Physical network name to bridge, in the order of the text. */
export type BridgeMappings = ReadonlyMap<string, string>

/**
 * Parses `physnet1:br-ex,physnet2:br-two` (ovn-controller(8)), and `ovn-chassis-mac-mappings`, whose values have colons themselves. Parts without a colon
 * are left out.
 */
export function parseBridgeMappings(text: string): Map<string, string> {
  const pairs = text.split(',').map(part => part.trim())
  return new Map(
    pairs.flatMap(part => {
      const [network, value] = [part.slice(0, Math.max(0, part.indexOf(':'))), part.slice(part.indexOf(':') + 1)]
      return network && value ? [[network, value] as const] : []
    }),
  )
}

export const formatBridgeMappings = (mappings: BridgeMappings): string =>
  [...mappings].map(pair => pair.join(':')).join(',')

/** A network that is mapped to another bridge already. The mapping stays as it is. */
export interface MappingConflict {
  readonly network: string
  readonly wanted: string
  readonly existing: string
}

export interface MappingChange {
  readonly operations: Operation[]
  readonly conflicts: readonly MappingConflict[]
}

/**
 * Adds and removes our elements of `ovn-bridge-mappings`; those of others stay, in their order. A network that another has mapped
 * elsewhere is a conflict, never overwritten. All are one text in one key, so the change is guarded: when somebody else changed external_ids
 * meanwhile, the transaction's outcome is `conflict`, and is to be computed again.
 *
 * @param wanted our mappings
 * @param released mappings that were ours; removed only as they were
 */
export function mergeBridgeMappings(
  db: LocalSwitch,
  wanted: BridgeMappings,
  released: BridgeMappings = new Map(),
): MappingChange {
  const root = switchRow(db)
  const text = root.external_ids.get(mappingsKey) ?? ''
  const { merged, conflicts } = merge(parseBridgeMappings(text), wanted, released)
  const next = formatBridgeMappings(merged)
  if (next === formatBridgeMappings(parseBridgeMappings(text))) return { operations: [], conflicts }
  const guard = ovs.wait('Open_vSwitch', root._uuid, { external_ids: root.external_ids })
  return {
    operations: [guard, ovs.setKeys('Open_vSwitch', root._uuid, 'external_ids', { [mappingsKey]: next })],
    conflicts,
  }
}

/** The new mappings, and what could not be had. */
export function merge(held: BridgeMappings, wanted: BridgeMappings, released: BridgeMappings) {
  const merged = new Map(held)
  const conflicts: MappingConflict[] = []
  for (const [network, bridge] of released)
    if (merged.get(network) === bridge && !wanted.has(network)) merged.delete(network)
  for (const [network, bridge] of wanted) {
    const existing = merged.get(network)
    if (existing === undefined || released.get(network) === existing) merged.set(network, bridge)
    else if (existing !== bridge) conflicts.push({ network, wanted: bridge, existing })
  }
  return { merged, conflicts }
}
