import {
  type Cidr,
  cidrContains,
  cidrsOverlap,
  formatRange,
  InetError,
  type IpAddress,
  type IpRange,
  ipFamily,
  ipToBigint,
  parseCidr,
  parseIp,
  parseRange,
  usableRange,
} from '@ovnkit/inet'

/** The addressing half of a Subnet's spec. */
export interface AddressingSpec {
  readonly cidr: string
  readonly gateway: string
  readonly excludeIPs?: readonly string[]
  readonly protocol?: 'IPv4' | 'IPv6' | 'Dual'
  readonly private?: boolean
  readonly allowSubnets?: readonly string[]
}

export interface Addressing {
  /** IPv4 first. */
  readonly ranges: readonly Cidr[]
  /** In the order of `ranges`. */
  readonly gateways: readonly IpAddress[]
  readonly exclude: readonly IpRange[]
  /** For a private Subnet: who may reach it besides itself and the nodes. */
  readonly admits?: readonly Cidr[] | undefined
}

/** What is wrong with a spec: a CamelCase reason, and a sentence that says what to write instead. */
export interface Problem {
  readonly reason: string
  readonly message: string
}

/** Thrown inside this file only. */
class SpecError extends Error {
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

/**
 * Ranges whose addresses no pod can have, by their use: a switch would have them, but every node would get a route to it through the pods' network
 * (IANA special-purpose address registries, RFC 6890).
 */
const notUnicast: readonly (readonly [string, Cidr])[] = [
  ['this host', '0.0.0.0/8'],
  ['loopback', '127.0.0.0/8'],
  ['link-local', '169.254.0.0/16'],
  ['multicast', '224.0.0.0/4'],
  ['reserved', '240.0.0.0/4'],
  // Loopback, the unspecified address, IPv4-mapped and -compatible ones.
  ['loopback and IPv4-mapped', '::/64'],
  ['link-local', 'fe80::/10'],
  ['multicast', 'ff00::/8'],
].map(([use = '', text = '']) => [use, parseCidr(text)])

/** Reads ranges, gateways and exclusions, and finds what of them cannot be, looking at nothing else than the spec. */
export function parseAddressing(spec: AddressingSpec): Addressing | Problem {
  try {
    const ranges = parseRanges(spec)
    return {
      ranges,
      gateways: parseGateways(spec.gateway, ranges),
      exclude: parseExcludes(spec.excludeIPs ?? [], ranges),
      admits: parseAdmitted(spec),
    }
  } catch (error) {
    if (error instanceof SpecError) return { reason: error.reason, message: error.message }
    throw error
  }
}

export function isProblem(value: object): value is Problem {
  return 'reason' in value
}

function parseRanges(spec: AddressingSpec): Cidr[] {
  const ranges = split(spec.cidr).map(text => attempt('InvalidCIDR', 'spec.cidr', () => parseCidr(text)))
  for (const range of ranges) requireUnicast(range)
  const families = ranges.map(range => range.family)
  if (new Set(families).size !== ranges.length) {
    throw new SpecError(
      'InvalidCIDR',
      `spec.cidr: "${spec.cidr}" has two ranges of one family; a Subnet has one, or one of each with a comma`,
    )
  }
  const protocol = spec.protocol ?? 'IPv4'
  const found = families.length === 2 ? 'Dual' : `IPv${families[0]}`
  if (found !== protocol) {
    throw new SpecError(
      'WrongFamily',
      `spec.cidr: "${spec.cidr}" is ${found}, but spec.protocol is ${protocol} (IPv4 when it is not written); set spec.protocol: ${found}`,
    )
  }
  return ranges.toSorted((a, b) => a.family - b.family)
}

function requireUnicast(range: Cidr): void {
  const [use, other] = notUnicast.find(([, special]) => cidrsOverlap(range, special)) ?? []
  if (other === undefined) return
  throw new SpecError(
    'NotUnicast',
    `spec.cidr: ${range.text} has addresses of ${other.text} (${use}), which no pod can have; choose another range`,
  )
}

function parseGateways(text: string, ranges: readonly Cidr[]): IpAddress[] {
  const gateways = split(text).map(part => attempt('InvalidGateway', 'spec.gateway', () => parseIp(part)))
  const stray = gateways.find(gateway => !ranges.some(range => range.family === ipFamily(gateway)))
  if (stray !== undefined || gateways.length > ranges.length) {
    throw new SpecError(
      'WrongFamily',
      `spec.gateway: "${text}" does not match spec.cidr: write one address of each range's family`,
    )
  }
  return ranges.map(range => gatewayOf(range, gateways))
}

function gatewayOf(range: Cidr, gateways: readonly IpAddress[]): IpAddress {
  const gateway = gateways.find(one => ipFamily(one) === range.family)
  if (gateway === undefined) {
    throw new SpecError(
      'InvalidGateway',
      `spec.gateway: no IPv${range.family} address for ${range.text}; write one of each family with a comma`,
    )
  }
  const { first, last } = usableRange(range)
  const value = ipToBigint(gateway)
  if (!cidrContains(range, gateway)) {
    throw new SpecError('GatewayOutsideCIDR', `spec.gateway: ${gateway} is outside ${range.text}`)
  }
  if (value < first || value > last) {
    throw new SpecError(
      'InvalidGateway',
      `spec.gateway: ${gateway} is the network or broadcast address of ${range.text}`,
    )
  }
  if (first === last) throw new SpecError('InvalidCIDR', `spec.cidr: ${range.text} has room for the gateway only`)
  return gateway
}

function parseExcludes(texts: readonly string[], ranges: readonly Cidr[]): IpRange[] {
  return texts.map(text => {
    const range = attempt('InvalidExcludeIPs', 'spec.excludeIPs', () => parseRange(text))
    if (!ranges.some(cidr => cidr.family === range.family && cidr.first <= range.first && range.last <= cidr.last)) {
      throw new SpecError(
        'InvalidExcludeIPs',
        `spec.excludeIPs: ${formatRange(range)} is not inside ${ranges.map(one => one.text).join(', ')}`,
      )
    }
    return range
  })
}

/** The list is read also where it says nothing yet: a mistake in it must not wait for the day when the Subnet becomes private. */
function parseAdmitted({ private: isolated, allowSubnets = [] }: AddressingSpec): Cidr[] | undefined {
  const admitted = allowSubnets.map(text => attempt('InvalidAllowSubnets', 'spec.allowSubnets', () => parseCidr(text)))
  return isolated === true ? admitted : undefined
}

function split(text: string): string[] {
  return text.split(',').map(part => part.trim())
}

function attempt<T>(reason: string, field: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof InetError) throw new SpecError(reason, `${field}: ${error.message}`)
    throw error
  }
}
