import type { Open_vSwitch_Tables } from './generated/vswitch.ts'

export { Open_vSwitch, type Open_vSwitch_Tables } from './generated/vswitch.ts'

/** A row of the local Open_vSwitch database: `OvsRow<'Interface'>`. */
export type OvsRow<Table extends keyof Open_vSwitch_Tables> = Open_vSwitch_Tables[Table]['row']
/** What an insert into the Open_vSwitch database takes. */
export type OvsInsert<Table extends keyof Open_vSwitch_Tables> = Open_vSwitch_Tables[Table]['insert']
/** What an update of the Open_vSwitch database takes. */
export type OvsUpdate<Table extends keyof Open_vSwitch_Tables> = Open_vSwitch_Tables[Table]['update']

export { type BridgeSpec, ensureBridge, ensureExternalIds, removeBridge, switchRow } from './bridges.ts'
export { keyMutations, type WantedKeys } from './elements.ts'
export { OvsError, type OvsErrorCode } from './errors.ts'
export { type WaitOptions, waitForInstalled, waitForInterface } from './installed.ts'
export {
  type BridgeMappings,
  formatBridgeMappings,
  type MappingChange,
  type MappingConflict,
  merge as mergeMappings,
  mergeBridgeMappings,
  parseBridgeMappings,
} from './mappings.ts'
export type { FlowStatistics } from './openflow/flow-stats.ts'
export { messageTypes, type OpenFlowMessage, openFlowMessage, splitMessages } from './openflow/message.ts'
export { type ReadFlowsOptions, readFlows } from './openflow/read-flows.ts'
export { ensurePort, type PortSpec, portOfInterface, removePort } from './ports.ts'
export { type LocalSwitch, localSwitchTables } from './replica.ts'
