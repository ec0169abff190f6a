import { integrationBridge } from '@ovnkit/cni-api'
import { type Open_vSwitch_Tables, parseBridgeMappings } from '@ovnkit/ovs'
import type { Database, TlsFiles } from '@ovnkit/ovsdb'
import { Store, same } from '@ovnkit/reconcile'

/** What renders need to know of the local Open vSwitch. */
export interface SwitchFacts {
  /** `system-id` as it is; undefined when nobody has set one. */
  readonly systemId: string | undefined
  /** `ovn-encap-type` as it is. */
  readonly encapType: string | undefined
  /** `ovn-bridge-datapath-type`, empty when it is not set. */
  readonly wantedDatapath: string
  /** Datapath of the integration bridge: `system`, `netdev`; undefined while there is no bridge. */
  readonly datapath: string | undefined
  /** Bridges of the userspace datapath: an address on one of their own ports can end tunnels of that datapath. */
  readonly netdevBridges: readonly string[]
  /** `ovn-bridge-mappings`: bridges by the physical network that they carry. */
  readonly mappings: Readonly<Record<string, string>>
  /** Keys of `external_ids` that make the machine a chassis, and our note of them. */
  readonly chassisKeys: Readonly<Record<string, string>>
  /** DPDK is initialized. */
  readonly dpdk: boolean
  /** Types of interfaces that the daemon knows. */
  readonly interfaceTypes: readonly string[]
}

export type LocalDatabase = Database<Open_vSwitch_Tables, typeof switchTables>

/** What the agent holds of the local database. */
export const switchTables = {
  Open_vSwitch: { columns: ['bridges', 'external_ids', 'next_cfg', 'cur_cfg', 'dpdk_initialized', 'iface_types'] },
  SSL: { columns: ['private_key', 'certificate', 'ca_cert'] },
  Bridge: {
    columns: ['name', 'ports', 'datapath_type', 'fail_mode', 'external_ids', 'other_config'],
    indexes: { byName: ['name'] },
  },
  Port: {
    columns: ['name', 'interfaces', 'tag', 'external_ids'],
    indexes: { byName: ['name'], byInterface: [{ element: 'interfaces' }] },
  },
  Interface: {
    columns: ['name', 'type', 'external_ids', 'error', 'ofport', 'mac', 'mtu_request'],
    indexes: {
      byName: ['name'],
      bySandbox: [{ column: 'external_ids', key: 'sandbox' }],
      byIfaceId: [{ column: 'external_ids', key: 'iface-id' }],
    },
  },
} as const

/** TLS files that the switch's database names: ovn-controller takes them before its own options (ovn-controller(8)). */
export function filesOfSwitch(database: LocalDatabase): TlsFiles | undefined {
  const [row] = database.table('SSL').rows()
  return row && { key: row.private_key, cert: row.certificate, ca: row.ca_cert }
}

/** The only key of the store. */
export const theSwitch = 'switch'
export type SwitchStore = Store<SwitchFacts>

export function createSwitchStore(): SwitchStore {
  return new Store<SwitchFacts>({ name: 'switch', equals: same })
}

/** Keeps the store equal to what the database says. */
export function observeSwitch(database: LocalDatabase, store: SwitchStore): Disposable {
  return database.onBatch(batch => {
    if (!store.synced || batch.table('Open_vSwitch') || batch.table('Bridge')) store.replace(read(database))
  })
}

const chassisKeys = [
  'ovn-remote',
  'ovn-encap-type',
  'ovn-encap-ip',
  'ovn-monitor-all',
  'ovn-bridge-datapath-type',
  'zstack.io/chassis-keys',
]

const pair = (key: string, value: string | undefined) => (value === undefined ? [] : [[key, value] as const])

function read(database: LocalDatabase): [string, SwitchFacts][] {
  const root = database.table('Open_vSwitch').one()
  if (root === undefined) return []
  const bridge = database.table('Bridge').by('byName', integrationBridge)
  return [
    [
      theSwitch,
      {
        encapType: root.external_ids.get('ovn-encap-type'),
        systemId: root.external_ids.get('system-id') || undefined,
        wantedDatapath: root.external_ids.get('ovn-bridge-datapath-type') ?? '',
        datapath: bridge && (bridge.datapath_type || 'system'),
        netdevBridges: [...database.table('Bridge').rows()]
          .filter(row => row.datapath_type === 'netdev')
          .map(row => row.name)
          .sort(),
        mappings: Object.fromEntries(parseBridgeMappings(root.external_ids.get('ovn-bridge-mappings') ?? '')),
        dpdk: root.dpdk_initialized,
        interfaceTypes: [...root.iface_types].sort(),
        chassisKeys: Object.fromEntries(chassisKeys.flatMap(key => pair(key, root.external_ids.get(key)))),
      },
    ],
  ]
}
