import type { Database, TablesOptions } from '@ovnkit/ovsdb'
import { element, mapKey } from '@ovnkit/ovsdb'
import type { Open_vSwitch_Tables } from './generated/vswitch.ts'

/**
 * The tables, columns and indexes that the helpers of this room read, for `openDatabase`. Statistics are left out: they would change
 * every few seconds for every port.
 */
export const localSwitchTables = {
  Open_vSwitch: {
    columns: [
      'bridges',
      'external_ids',
      'other_config',
      'ovs_version',
      'db_version',
      'datapath_types',
      'next_cfg',
      'cur_cfg',
    ],
  },
  Bridge: {
    columns: ['name', 'ports', 'datapath_type', 'fail_mode', 'external_ids', 'other_config', 'protocols'],
    indexes: { byName: ['name'], byPort: [element('ports')] },
  },
  Port: {
    columns: ['name', 'interfaces', 'tag', 'external_ids'],
    indexes: { byName: ['name'], byInterface: [element('interfaces')] },
  },
  Interface: {
    columns: [
      'name',
      'type',
      'external_ids',
      'options',
      'error',
      'ofport',
      'mac',
      'mac_in_use',
      'mtu',
      'mtu_request',
      'admin_state',
      'link_state',
    ],
    indexes: { byName: ['name'], byIfaceId: [mapKey('external_ids', 'iface-id')] },
  },
} as const satisfies TablesOptions<Open_vSwitch_Tables>

/** The node's own Open_vSwitch database: `openDatabase(Open_vSwitch, {remotes, tables: localSwitchTables, leaderOnly: false})`. */
export type LocalSwitch = Database<Open_vSwitch_Tables, typeof localSwitchTables>
