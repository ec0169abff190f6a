import {
  addressBits,
  type Cidr,
  cidrOf,
  InetError,
  type IpAddress,
  ipFamily,
  parseCidr,
  parseIp,
  tryParseIp,
} from '@ovnkit/inet'
import * as z from 'zod'

/** Runs a parser that throws InetError as a transform whose message is the parser's. */
function parsed<T>(parse: (text: string) => T) {
  return z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof InetError)) throw error
      context.issues.push({ code: 'custom', message: error.message, input: text })
      return z.NEVER
    }
  })
}

/** One element, or one of each family, IPv4 first whatever the order of writing. */
function perFamily<T>(
  text: string,
  what: string,
  parse: (part: string) => T,
  familyOf: (one: T) => number,
): readonly T[] {
  const all = text
    .split(',')
    .map(part => parse(part.trim()))
    .sort((a, b) => familyOf(a) - familyOf(b))
  const [first, second] = all
  if (all.length > 2 || (first && second && familyOf(first) === familyOf(second))) {
    throw new InetError('family', `expected one ${what}, or one of each family with a comma, got "${text}"`)
  }
  return all
}

/**
 * One CIDR, or one of each family with a comma; IPv4 comes first in the result.
 * @throws InetError
 */
export function parseCidrs(text: string): readonly Cidr[] {
  return perFamily(text, 'CIDR', parseCidr, cidr => cidr.family)
}

/**
 * One address, or one of each family with a comma; IPv4 comes first in the result.
 * @throws InetError
 */
export function parseIps(text: string): readonly IpAddress[] {
  return perFamily(text, 'address', parseIp, ipFamily)
}

export const cidrs = parsed(parseCidrs)

/** Any number of CIDRs, as a list. */
export const cidrList = z.array(parsed(text => parseCidr(text)))

/** Who answers for names: a network, which may be one address, or a Service, `namespace/name`. */
export type DnsServer = { readonly network: Cidr } | { readonly service: string }

const serviceName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z]([-a-z0-9]*[a-z0-9])?$/

/** @throws InetError */
function parseDnsServer(text: string): DnsServer {
  if (serviceName.test(text)) return { service: text }
  const address = tryParseIp(text)
  return { network: address === undefined ? parseCidr(text) : cidrOf(address, addressBits(ipFamily(address))) }
}

export const dnsServers = z.array(parsed(parseDnsServer))

/** As `parseIps`; the empty text is none. */
export const addresses = parsed(text => (text === '' ? [] : parseIps(text)))

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `500ms`, `30s`, `1m30s`; milliseconds in the result. */
export const duration = z
  .string()
  .regex(/^(\d+(ms|s|m|h))+$/, 'expected a duration like 500ms, 30s or 1m30s')
  .transform(text =>
    [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * (UNITS[unit ?? ''] ?? 0), 0),
  )
