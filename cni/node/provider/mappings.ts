import { createHash } from 'node:crypto'
import { externalIds, managedBy } from '@ovnkit/cni-api'
import { formatBridgeMappings, mergeMappings, parseBridgeMappings } from '@ovnkit/ovs'
import { deleteKeys, mutate, type Operation, setKeys, wait } from '@ovnkit/ovsdb'
import { coalesced, type Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'
import { providerKey } from './facts.ts'

export interface MappingOptions {
  readonly database: LocalDatabase
  /** Provider networks that Subnets live on, also those that somebody else has mapped. */
  readonly used: () => ReadonlySet<string>
  /** Calls back when `used` changes. */
  readonly follow: (changed: () => void) => Disposable
  readonly node: string
  readonly logger: Logger
}

/**
 * Keeps our parts of two texts that others have parts in (ovn-controller(8)): `ovn-bridge-mappings`, each of our bridges under its network, and
 * `ovn-chassis-mac-mappings`, the MAC under which this node's router sends to the wire: with the router's own, which all nodes share, the switches
 * outside would see it move from node to node. What is ours is noted beside them; every write is refused if somebody else changed the texts meanwhile.
 */
export function keepMappings(options: MappingOptions): Disposable {
  const { database, logger } = options
  const keep = coalesced(
    () => keepOnce(options),
    err => logger.error({ err }, 'could not set ovn-bridge-mappings'),
  )
  const stack = new DisposableStack()
  stack.use(options.follow(keep))
  stack.use(
    database.onBatch(batch => {
      if (batch.table('Open_vSwitch') || batch.table('Bridge')) keep()
    }),
  )
  keep()
  return stack
}

async function keepOnce({ database, used, node, logger }: MappingOptions): Promise<void> {
  const root = database.connected ? database.table('Open_vSwitch').one() : undefined
  if (root === undefined) return
  const ids = root.external_ids
  const bridges = ownBridges(database)
  const mappings = part(ids.get('ovn-bridge-mappings'), bridges, ids.get(noted.bridges))
  const networks = new Set([...bridges.keys(), ...[...mappings.merged.keys()].filter(network => used().has(network))])
  const macs = new Map([...networks].sort().map(network => [network, providerMac(node, network)]))
  const wanted = {
    'ovn-bridge-mappings': mappings.text,
    [noted.bridges]: formatBridgeMappings(bridges),
    'ovn-chassis-mac-mappings': part(ids.get('ovn-chassis-mac-mappings'), macs, ids.get(noted.macs)).text,
    [noted.macs]: formatBridgeMappings(macs),
  }
  const changed = Object.entries(wanted).filter(([key, value]) => (ids.get(key) ?? '') !== value)
  if (changed.length === 0) return
  const outcome = await database.transact([
    wait('Open_vSwitch', root._uuid, { external_ids: ids }),
    ...changed.map(([key, value]) => change(root._uuid, key, value)),
  ])
  logger.info({ outcome: outcome.status, ...Object.fromEntries(changed) }, 'set mappings of provider networks')
}

const noted = { bridges: 'zstack.io/bridge-mappings', macs: 'zstack.io/chassis-mac-mappings' } as const

const change = (root: string, key: string, value: string): Operation =>
  mutate('Open_vSwitch', root, [
    value === '' ? deleteKeys('external_ids', key) : setKeys('external_ids', { [key]: value }),
  ])

/** The text with our entries as wanted; entries of others stay, in their order, and the text as it is where nothing differs. */
function part(text = '', wanted: ReadonlyMap<string, string>, ours = '') {
  const held = parseBridgeMappings(text)
  const { merged } = mergeMappings(held, wanted, parseBridgeMappings(ours))
  const next = formatBridgeMappings(merged)
  return { merged, text: next === formatBridgeMappings(held) ? text : next }
}

function ownBridges(database: LocalDatabase): Map<string, string> {
  const own = [...database.table('Bridge').rows()].flatMap(({ name, external_ids: ids }) => {
    const network = ids.get(providerKey)
    return network === undefined || ids.get(externalIds.managedBy) !== managedBy ? [] : [[network, name] as const]
  })
  return new Map(own.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A locally administered MAC that is the node's own on a network, and the same after every start. */
function providerMac(node: string, network: string): string {
  const hash = createHash('sha256').update(`${node}/${network}`).digest('hex')
  return ['0e', ...Array.from({ length: 5 }, (_, i) => hash.slice(2 * i, 2 * i + 2))].join(':')
}
