import { OVN_Southbound, type OVN_Southbound_Tables } from '@ovnkit/ovn'
import { type Database, type DatabaseOptions, openDatabase } from '@ovnkit/ovsdb'

/** What of the Southbound database is held: who claims which port, and the chassis. Bindings are read rarely, so they stay as they came. */
const tables = {
  Port_Binding: { columns: ['logical_port', 'chassis', 'mac'], indexes: { byPort: ['logical_port'] }, lazy: true },
  Chassis: { columns: ['name', 'encaps', 'external_ids', 'other_config'], indexes: { byName: ['name'] } },
  Chassis_Private: { columns: ['name'], indexes: { byName: ['name'] } },
  Encap: { columns: ['type', 'options'] },
} as const

/** The tables that are held. */
export const southboundTables = ['Port_Binding', 'Chassis', 'Chassis_Private', 'Encap'] as const

export type Southbound = Database<OVN_Southbound_Tables, typeof tables>

export function openSouthbound(options: Omit<DatabaseOptions<OVN_Southbound_Tables>, 'tables'>): Southbound {
  return openDatabase(OVN_Southbound, { ...options, tables })
}
