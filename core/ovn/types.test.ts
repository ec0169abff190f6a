import { type NbInsert, type NbRow, OVN_Northbound } from '@ovnkit/ovn'
import { type OvsSet, operations, type Uuid } from '@ovnkit/ovsdb'
import { describe, expectTypeOf, it } from 'vitest'

const nb = operations(OVN_Northbound)
declare const port: Uuid<'Logical_Switch_Port'>
declare const logicalSwitch: Uuid<'Logical_Switch'>

describe('typed tables', () => {
  it('read as what the schema says', () => {
    expectTypeOf<NbRow<'Logical_Switch'>['ports']>().toEqualTypeOf<OvsSet<Uuid<'Logical_Switch_Port'>>>()
    expectTypeOf<NbRow<'Logical_Switch_Port'>['tag']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<NbRow<'ACL'>['direction']>().toEqualTypeOf<'from-lport' | 'to-lport'>()
    expectTypeOf<NbRow<'QoS'>['action']>().toHaveProperty('get')
  })

  it('refuse what the server would refuse', () => {
    // Only compiled: the calls below must not type check.
    const wrong = () => {
      // @ts-expect-error a port's UUID is no switch's
      nb.remove('Logical_Switch', port)
      // @ts-expect-error an ACL needs its enum columns: they have no default
      nb.insert('ACL', '' as Uuid<'ACL'>, { priority: 1, match: '' })
      // @ts-expect-error no such enum value
      nb.update('ACL', '' as Uuid<'ACL'>, { direction: 'both' })
      // @ts-expect-error name is no set
      nb.addToSet('Logical_Switch', logicalSwitch, 'name', ['x'])
      // @ts-expect-error ports holds UUIDs of ports
      nb.addToSet('Logical_Switch', logicalSwitch, 'ports', [logicalSwitch])
      // @ts-expect-error a set of at least one can't be given empty
      nb.update('Meter', '' as Uuid<'Meter'>, { bands: [] })
      // @ts-expect-error no such table
      nb.remove('Logical_Swich', logicalSwitch)
    }
    expectTypeOf(wrong).toBeFunction()
  })

  it('clear an optional with null, not with undefined', () => {
    expectTypeOf<null>().toExtend<NbInsert<'Logical_Switch_Port'>['tag']>()
    expectTypeOf<{ readonly tag: undefined }>().not.toExtend<NbInsert<'Logical_Switch_Port'>>()
  })
})
