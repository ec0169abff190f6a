import type { Family } from '@ovnkit/inet'
import type { Desired, OvsdbObjects } from '@ovnkit/reconcile'

/** Texts as members of the address sets of their families. What no owner wants is removed from a set, also after a restart. */
export function setMembers(
  nb: Pick<OvsdbObjects, 'element'>,
  nameOf: (family: Family) => string,
  members: readonly { readonly family: Family; readonly text: string }[],
): Desired[] {
  return members.map(({ family, text }) =>
    nb.element({ row: { table: 'Address_Set', key: nameOf(family) }, column: 'addresses', value: text }),
  )
}
