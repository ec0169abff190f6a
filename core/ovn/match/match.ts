/**
 * OVN match expressions as values (ovn-sb(5), Logical_Flow `match`).
 *
 * OVN refuses an expression that mixes `&&` and `||` without parentheses, so an expression remembers how it was joined and `and`/`or` add the
 * parentheses that are needed and no others.
 */

import { setName } from './set-name.ts'

/** How an expression's outermost operator binds; `atom` needs no parentheses anywhere. */
type Joint = 'atom' | 'and' | 'or'

/** A match expression. `text` is what goes into a `match` column. */
export interface Match {
  readonly text: string
  readonly joint: Joint
}

/** The fields that ovnkit matches on, by their OVN names. There is no `ip.src`: an address field belongs to one family. */
export type MatchField =
  | 'ip4.src'
  | 'ip4.dst'
  | 'ip6.src'
  | 'ip6.dst'
  | 'inport'
  | 'outport'
  | 'tcp.src'
  | 'tcp.dst'
  | 'udp.src'
  | 'udp.dst'
  | 'sctp.src'
  | 'sctp.dst'
  | 'arp.tpa'
  | 'nd.target'

const stringFields: ReadonlySet<MatchField> = new Set<MatchField>(['inport', 'outport'])

/** Matches every packet. */
export const everything: Match = { text: '1', joint: 'atom' }
/** Matches no packet. */
export const nothing: Match = { text: '0', joint: 'atom' }

/** `field == value`. A port name is quoted; an address, prefix or number is written as it is. */
export function equals(field: MatchField, value: string | number): Match {
  return { text: `${field} == ${constant(field, value)}`, joint: 'atom' }
}

/** `field == {a, b}`; one value is written plainly, none matches nothing. */
export function oneOf(field: MatchField, values: readonly (string | number)[]): Match {
  const [first] = values
  if (first === undefined) return nothing
  if (values.length === 1) return equals(field, first)
  return { text: `${field} == {${values.map(v => constant(field, v)).join(', ')}}`, joint: 'atom' }
}

/** `low <= field <= high`, both included. */
export function between(field: MatchField, low: number, high: number): Match {
  return { text: `${low} <= ${field} <= ${high}`, joint: 'atom' }
}

/** `$name` among the values of `oneOf`: each address of the set. */
export const addressSetIn = (name: string): string => `$${setName(name)}`

/** `field == $name`: the field's value is in the address set `name`. */
export function inAddressSet(field: MatchField, name: string): Match {
  return { text: `${field} == ${addressSetIn(name)}`, joint: 'atom' }
}

/** `inport == @name` or `outport == @name`: the port is a member of the port group `name`. */
export function inPortGroup(field: 'inport' | 'outport', name: string): Match {
  return { text: `${field} == @${setName(name)}`, joint: 'atom' }
}

/** True only on the chassis that has bound `port`: one flow on one chassis, none elsewhere. */
export function isChassisResident(port: string): Match {
  return { text: `is_chassis_resident(${quote(port)})`, joint: 'atom' }
}

/** A bare predicate such as `ip4`, `tcp` or `ct.est`. */
export function predicate(
  name: 'ip4' | 'ip6' | 'ip' | 'tcp' | 'udp' | 'sctp' | 'arp' | 'nd' | 'icmp4' | 'icmp6',
): Match {
  return { text: name, joint: 'atom' }
}

/** All of `parts`; without parts it matches everything. */
export function and(...parts: readonly Match[]): Match {
  return join('and', ' && ', parts, everything)
}

/** Any of `parts`; without parts it matches nothing. */
export function or(...parts: readonly Match[]): Match {
  return join('or', ' || ', parts, nothing)
}

/** The opposite of `match`. */
export function not(match: Match): Match {
  return { text: `!(${match.text})`, joint: 'atom' }
}

function join(joint: 'and' | 'or', operator: string, parts: readonly Match[], empty: Match): Match {
  const [first] = parts
  if (first === undefined) return empty
  if (parts.length === 1) return first
  const wrap = (part: Match) => (part.joint === 'atom' || part.joint === joint ? part.text : `(${part.text})`)
  return { text: parts.map(wrap).join(operator), joint }
}

function constant(field: MatchField, value: string | number): string {
  return stringFields.has(field) ? quote(String(value)) : String(value)
}

/** A string constant of the expression language, which uses JSON's escapes. */
function quote(text: string): string {
  return JSON.stringify(text)
}
