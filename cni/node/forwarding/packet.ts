import { type Cidr, cidrContains, type Family, type IpAddress, parseCidr, tryParseIp } from '@ovnkit/inet'

/** The first packet of a connection that the host forwards, as far as it is known. */
export interface ForwardedPacket {
  readonly family: Family
  readonly input: string
  readonly output: string
  readonly source?: IpAddress
  readonly destination?: IpAddress
}

export type Json = Readonly<Record<string, unknown>>
export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Whether an expression of a rule (libnftables-json(5)) holds for the packet; undefined where that cannot be told from here. */
export function holds(expression: Json, packet: ForwardedPacket): boolean | undefined {
  if (isRecord(expression.xt)) return holdsExtension(expression.xt)
  if (!isRecord(expression.match)) return true
  const { left, right, op } = expression.match
  const equal = isRecord(left) ? matches(left, right, packet) : undefined
  return op === '!=' && equal !== undefined ? !equal : equal
}

/** Of iptables' extensions the JSON has the name only. What asks for the state of a connection is there to let answers pass. */
function holdsExtension({ type, name }: Json): boolean | undefined {
  if (type === 'target' || name === 'comment') return true
  return name === 'conntrack' || name === 'state' ? false : undefined
}

function matches(left: Json, right: unknown, packet: ForwardedPacket): boolean | undefined {
  const values = isRecord(right) && right.set !== undefined ? listOf(right.set) : Array.isArray(right) ? right : [right]
  if (isRecord(left.meta)) return matchesMeta(left.meta.key, values, packet)
  if (isRecord(left.ct)) return left.ct.key === 'state' ? values.includes('new') : undefined
  if (isRecord(left.payload)) return matchesPayload(left.payload, values, packet)
  return undefined
}

function matchesMeta(key: unknown, values: readonly unknown[], packet: ForwardedPacket): boolean | undefined {
  if (key === 'iifname' || key === 'iif') return values.some(value => sameLink(value, packet.input))
  if (key === 'oifname' || key === 'oif') return values.some(value => sameLink(value, packet.output))
  if (key === 'l4proto') return values.includes('tcp') || values.includes(6)
  if (key === 'nfproto') return values.includes(packet.family === 4 ? 'ipv4' : 'ipv6')
  return undefined
}

function sameLink(pattern: unknown, link: string): boolean {
  const text = String(pattern)
  return text.endsWith('*') ? link.startsWith(text.slice(0, -1)) : text === link
}

function matchesPayload(payload: Json, values: readonly unknown[], packet: ForwardedPacket): boolean | undefined {
  const { protocol, field } = payload
  if (protocol === 'icmp' || protocol === 'icmpv6' || protocol === 'udp') return false
  if (protocol !== 'ip' && protocol !== 'ip6') return undefined
  if ((protocol === 'ip') !== (packet.family === 4)) return false
  if (field === 'protocol' || field === 'nexthdr') return values.includes('tcp') || values.includes(6)
  const address = field === 'saddr' ? packet.source : field === 'daddr' ? packet.destination : undefined
  if (address === undefined) return undefined
  const ranges = values.map(rangeOf)
  if (ranges.some(range => range !== undefined && cidrContains(range, address))) return true
  return ranges.includes(undefined) ? undefined : false
}

/** An address, or a prefix; ranges with two ends and named sets are not looked into. */
function rangeOf(value: unknown): Cidr | undefined {
  if (isRecord(value) && isRecord(value.prefix)) {
    const { addr, len } = value.prefix
    return parseCidr(`${String(addr)}/${String(len)}`, { hostBits: 'mask' })
  }
  const ip = tryParseIp(String(value))
  return ip && parseCidr(`${ip}/${ip.includes(':') ? 128 : 32}`)
}
