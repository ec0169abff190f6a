/** Names of address sets and port groups that a match can name (`$name`, `@name`): OVN's lexer takes no other characters. */
const nameable = /^[a-zA-Z_.][a-zA-Z_.0-9]*$/

/**
 * The name, if a match can name it. OVN stores any name, and a match with a bad one is no match at all: `@sg-web` is read as `@sg` and the rest ends the expression, so the rule would
 * silently be missing.
 * @throws RangeError
 */
export function setName(name: string): string {
  if (nameable.test(name)) return name
  throw new RangeError(
    `expected a name of letters, digits, "_" and "." that begins with no digit for an address set or port group, got "${name}": ovn-controller cannot read others in a match`,
  )
}
