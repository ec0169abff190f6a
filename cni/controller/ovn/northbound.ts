import { externalIds } from '@ovnkit/cni-api'
import { OVN_Northbound, type OVN_Northbound_Tables } from '@ovnkit/ovn'
import { type Database, type DatabaseOptions, mapKey, openDatabase } from '@ovnkit/ovsdb'

const byName = { byName: ['name'] }
const byOwner = { byOwner: [mapKey('external_ids', externalIds.owner)], ...byName }

/**
 * What of the Northbound database is held: the tables that are written, with the columns that are compared, and what is read of others. What northd writes
 * back (`up` of ports) is left out, so that a port that comes up costs nothing here.
 */
const tables = {
  Logical_Switch: {
    columns: ['name', 'ports', 'acls', 'qos_rules', 'load_balancer_group', 'other_config', 'external_ids'],
    indexes: byName,
  },
  Logical_Switch_Port: {
    columns: [
      'name',
      'type',
      'addresses',
      'dynamic_addresses',
      'port_security',
      'options',
      'tag',
      'dhcpv4_options',
      'dhcpv6_options',
      'external_ids',
    ],
    indexes: byName,
  },
  Logical_Router: { columns: ['name', 'ports', 'static_routes', 'policies', 'options', 'external_ids'] },
  Logical_Router_Port: {
    columns: ['name', 'mac', 'networks', 'ipv6_ra_configs', 'options', 'external_ids'],
    indexes: byOwner,
  },
  Logical_Router_Static_Route: { columns: ['ip_prefix', 'nexthop', 'external_ids'] },
  Logical_Router_Policy: { columns: ['priority', 'match', 'action', 'nexthops', 'external_ids'] },
  ACL: {
    columns: [
      'name',
      'direction',
      'priority',
      'match',
      'action',
      'tier',
      'log',
      'severity',
      'meter',
      'options',
      'external_ids',
    ],
  },
  Meter: { columns: ['name', 'unit', 'fair', 'bands', 'external_ids'] },
  Meter_Band: { columns: ['action', 'rate', 'external_ids'] },
  QoS: { columns: ['direction', 'priority', 'match', 'bandwidth', 'external_ids'] },
  DHCP_Options: { columns: ['cidr', 'options', 'external_ids'] },
  Port_Group: { columns: ['name', 'ports', 'acls', 'external_ids'], indexes: byName },
  Address_Set: { columns: ['name', 'addresses', 'external_ids'] },
  Load_Balancer: { columns: ['name', 'protocol', 'vips', 'selection_fields', 'options', 'external_ids'] },
  Load_Balancer_Group: { columns: ['name', 'load_balancer'] },
  Chassis_Template_Var: { columns: ['chassis', 'variables', 'external_ids'] },
} as const

/** The tables that are held. */
export const northboundTables = [
  'Logical_Switch',
  'Logical_Switch_Port',
  'Logical_Router',
  'Logical_Router_Port',
  'Logical_Router_Static_Route',
  'Logical_Router_Policy',
  'ACL',
  'Meter',
  'Meter_Band',
  'QoS',
  'DHCP_Options',
  'Port_Group',
  'Address_Set',
  'Load_Balancer',
  'Load_Balancer_Group',
  'Chassis_Template_Var',
] as const

/** The server asks ACLs in tiers: OVN 23.06 and later. */
export const hasTiers = (nb: Northbound): boolean => nb.table('ACL').has('tier')

export type Northbound = Database<OVN_Northbound_Tables, typeof tables>

export function openNorthbound(options: Omit<DatabaseOptions<OVN_Northbound_Tables>, 'tables'>): Northbound {
  return openDatabase(OVN_Northbound, { ...options, tables })
}
