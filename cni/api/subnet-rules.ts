/**
 * Validation rules of a Subnet in CEL, for the API server. Two sets: one for every server from 1.25 on, which can
 * compute with IPv4 only, and one that uses the IP and CIDR functions of servers from 1.31 on, for both families.
 * The controller checks everything once more, and what needs other objects.
 */
export interface CelRule {
  readonly rule: string
  readonly message: string
}

const POWERS = `[${Array.from({ length: 33 }, (_, prefix) => 2 ** (32 - prefix)).join(',')}]`

/** An IPv4 address as a number. */
const number4 = (ip: string) =>
  [16_777_216, 65_536, 256, 1].map((weight, i) => `int(${ip}.split('.')[${i}])*${weight}`).join('+')

/** Whether the IPv4 address lies in the IPv4 CIDR. */
const inside4 = (ip: string, cidr: string) => {
  const size = `${POWERS}[int(${cidr}.split('/')[1])]`
  return `(${number4(ip)})/${size} == (${number4(`${cidr}.split('/')[0]`)})/${size}`
}

/**
 * The one or two parts of a text, as a list of two: the estimated cost of a rule must stay below the server's limit, and
 * it takes a list from `split` to be as long as the text may be.
 */
const parts = (text: string, separator: string) => {
  const split = `${text}.split('${separator}')`
  return `[${split}[0],${split}[${split}.size()-1]]`
}

const only4 = (list: string, name: string) => `${list}.filter(${name}, !${name}.contains(':'))`
const gateways = parts('self.gateway', ',')
const cidrs = parts('self.cidr', ',')
const ends = parts('e', '-')

const shape: readonly CelRule[] = [
  {
    rule: "self.protocol == 'Dual' ? self.cidr.contains(',') : !self.cidr.contains(',') && self.cidr.contains(':') == (self.protocol == 'IPv6')",
    message: 'protocol must say the families of cidr: IPv4, IPv6, or Dual for one of each with a comma',
  },
  {
    rule: `self.gateway.contains(',') == self.cidr.contains(',') && ${only4(gateways, 'g')}.size() == ${only4(cidrs, 'c')}.size()`,
    message: 'gateway must have one address for each CIDR, of the same family',
  },
  {
    rule: '!has(self.vlanID) || has(self.provider)',
    message: 'vlanID needs provider, the network that carries the VLAN',
  },
  {
    rule: '!has(self.externalLogicalSwitch) || !(has(self.vlanID) || has(self.provider))',
    message: 'externalLogicalSwitch excludes vlanID and provider: the switch has its own way out',
  },
]

const arithmetic: readonly CelRule[] = [
  {
    rule: `${only4(cidrs, 'c')}.all(c, (${number4("c.split('/')[0]")}) % ${POWERS}[int(c.split('/')[1])] == 0)`,
    message: 'cidr must be a network, without bits behind the prefix',
  },
  {
    rule: `${only4(gateways, 'g')}.all(g, ${only4(cidrs, 'c')}.exists(c, ${inside4('g', 'c')}))`,
    message: 'gateway must lie inside cidr',
  },
  {
    rule: `!has(self.excludeIPs) || ${only4('self.excludeIPs', 'e')}.all(e, !e.contains('-') || (${number4(`${ends}[0]`)}) <= (${number4(`${ends}[1]`)}))`,
    message: 'a range in excludeIPs must not end before it starts',
  },
  {
    rule: `!has(self.excludeIPs) || ${only4('self.excludeIPs', 'e')}.all(e, ${ends}.all(x, ${only4(cidrs, 'c')}.exists(c, ${inside4('x', 'c')})))`,
    message: 'excludeIPs must lie inside cidr',
  },
]

const library: readonly CelRule[] = [
  {
    rule: `${cidrs}.all(c, isCIDR(c) && cidr(c) == cidr(c).masked())`,
    message: 'cidr must be a network, without bits behind the prefix',
  },
  {
    rule: `${gateways}.all(g, isIP(g) && ${cidrs}.exists(c, isCIDR(c) && cidr(c).containsIP(g)))`,
    message: 'gateway must lie inside cidr',
  },
  ...arithmetic.slice(2, 3),
  {
    rule: `!has(self.excludeIPs) || self.excludeIPs.all(e, ${ends}.all(x, isIP(x) && ${cidrs}.exists(c, isCIDR(c) && cidr(c).containsIP(x))))`,
    message: 'excludeIPs must lie inside cidr',
  },
]

/** Rules over `spec`. */
export function specRules({ ipFunctions }: { ipFunctions: boolean }): readonly CelRule[] {
  return [...shape, ...(ipFunctions ? library : arithmetic)]
}
