import type { Open_vSwitch_Tables } from './generated/vswitch.ts'

export { Open_vSwitch, type Open_vSwitch_Tables } from './generated/vswitch.ts'

/** A row of the local Open_vSwitch database: `OvsRow<'Interface'>`. */
export type OvsRow<Table extends keyof Open_vSwitch_Tables> = Open_vSwitch_Tables[Table]['row']
/** What an insert into the Open_vSwitch database takes. */
export type OvsInsert<Table extends keyof Open_vSwitch_Tables> = Open_vSwitch_Tables[Table]['insert']
/** What an update of the Open_vSwitch database takes. */
export type OvsUpdate<Table extends keyof Open_vSwitch_Tables> = Open_vSwitch_Tables[Table]['update']
