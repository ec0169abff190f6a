/**
 * A set that is stored bare while it has one member. Most keys of most indexes have one, so that 10,000 of them cost no
 * 10,000 `Set`s. Members are objects or strings, never undefined and never `Set`s themselves.
 */
export type OneOrMany<V> = V | Set<V> | undefined

export function withMember<V>(members: OneOrMany<V>, member: V): OneOrMany<V> {
  if (members === undefined) return member
  if (members instanceof Set) return members.add(member)
  return members === member ? members : new Set([members, member])
}

/** Returns undefined when it was the last one. */
export function withoutMember<V>(members: OneOrMany<V>, member: V): OneOrMany<V> {
  if (!(members instanceof Set)) return members === member ? undefined : members
  members.delete(member)
  return members.size === 1 ? firstMember(members) : members
}

/** The member that joined first. */
export function firstMember<V>(members: OneOrMany<V>): V | undefined {
  if (!(members instanceof Set)) return members
  for (const member of members) return member
  return undefined
}

/** All members, in the order in which they joined. Don't change the set while walking it. */
export function membersOf<V>(members: OneOrMany<V>): Iterable<V> {
  if (members === undefined) return []
  return members instanceof Set ? members : [members]
}
