import { operations } from '@ovnkit/ovsdb'
import { Open_vSwitch } from './generated/vswitch.ts'

/** Operation builders for the local database, checked by the compiler. */
export const ovs = operations(Open_vSwitch)
