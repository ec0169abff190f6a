import type { OVN_Northbound_Tables } from './generated/nb.ts'
import type { OVN_Southbound_Tables } from './generated/sb.ts'

export { OVN_Northbound, type OVN_Northbound_Tables } from './generated/nb.ts'
export { OVN_Southbound, type OVN_Southbound_Tables } from './generated/sb.ts'

/** A row of the northbound database: `NbRow<'Logical_Switch'>`. */
export type NbRow<Table extends keyof OVN_Northbound_Tables> = OVN_Northbound_Tables[Table]['row']
/** What an insert into the northbound database takes. */
export type NbInsert<Table extends keyof OVN_Northbound_Tables> = OVN_Northbound_Tables[Table]['insert']
/** What an update of the northbound database takes. */
export type NbUpdate<Table extends keyof OVN_Northbound_Tables> = OVN_Northbound_Tables[Table]['update']
/** A row of the southbound database. */
export type SbRow<Table extends keyof OVN_Southbound_Tables> = OVN_Southbound_Tables[Table]['row']
/** What an insert into the southbound database takes. */
export type SbInsert<Table extends keyof OVN_Southbound_Tables> = OVN_Southbound_Tables[Table]['insert']
/** What an update of the southbound database takes. */
export type SbUpdate<Table extends keyof OVN_Southbound_Tables> = OVN_Southbound_Tables[Table]['update']

export {
  addressSetIn,
  and,
  between,
  equals,
  everything,
  inAddressSet,
  inPortGroup,
  isChassisResident,
  type Match,
  type MatchField,
  not,
  nothing,
  oneOf,
  or,
  predicate,
} from './match/match.ts'
export { type AclLog, type AclSpec, acl, type LogSeverity, logSeverities } from './rows/acl.ts'
export { addressSet } from './rows/address-set.ts'
export {
  type BalancerProtocol,
  balancerAddress,
  balancerBackends,
  chassisVariables,
  type LoadBalancerSpec,
  loadBalancer,
  loadBalancerGroup,
  maxAffinitySeconds,
  type SelectionField,
  templateVariable,
} from './rows/load-balancer.ts'
export { portAddresses } from './rows/lsp-addresses.ts'
export { meter } from './rows/meter.ts'
export { portGroup } from './rows/port-group.ts'
export { type RateLimitSpec, rateLimit } from './rows/qos.ts'
export { allowPolicy, dropPolicy, logicalRouter, reroutePolicy, routerPort, staticRoute } from './rows/router.ts'
export type { ColumnValue, OvnRow, Parent } from './rows/row.ts'
export {
  localnetPort,
  logicalSwitch,
  routerAttachment,
  type SwitchSpec,
  type VifPortSpec,
  vifPort,
} from './rows/switch.ts'
export { defaultTunnelPort, portsPerSwitch, type TunnelType } from './tunnel-keys.ts'
