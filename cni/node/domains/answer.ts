import { type IpAddress, tryParseIp } from '@ovnkit/inet'
import { decode } from 'dns-packet'

/** What a DNS server answered to the question for a name's addresses. */
export interface Answer {
  readonly addresses: readonly IpAddress[]
  /** Seconds for which all of it holds. */
  readonly ttl: number
}

const header = 12
const isResponse = 0x8000
const opcodeMask = 0x7800
/** Longer chains of aliases are given up by resolvers as well. */
const mostAliases = 16
const hostName = /^[a-z0-9_-]+$/

/**
 * The name that a message of RFC 1035 answers for, in lower case without a final dot: of a response without error to one question.
 * @returns undefined for anything else, and for names that are none of a host: what looks like a label's end in a name's text may be a part of a label
 */
export function answeredName(message: Buffer): string | undefined {
  if (message.length < header) return undefined
  const bits = message.readUInt16BE(2)
  // The last four bits are the error.
  if ((bits & isResponse) === 0 || (bits & (opcodeMask | 0x000f)) !== 0 || message.readUInt16BE(4) !== 1)
    return undefined
  const labels: string[] = []
  for (let at = header; at < message.length; ) {
    const length = message.readUInt8(at)
    if (length === 0) return labels.length === 0 ? undefined : labels.join('.')
    // A pointer: there is nothing before the question that it could point to.
    if (length > 63 || at + 1 + length > message.length) return undefined
    const label = message.toString('latin1', at + 1, at + 1 + length).toLowerCase()
    if (!hostName.test(label)) return undefined
    labels.push(label)
    at += 1 + length
  }
  return undefined
}

/**
 * Addresses that a message has for the name that it answers, by way of aliases (CNAME) where there are any. Records about other names are not heeded: the pod did not ask for
 * them, and whoever answers for one name has no say in another.
 * @returns undefined where there are none, and for a message that cannot be read
 */
export function readAnswer(message: Buffer, name: string): Answer | undefined {
  const records = recordsOf(message)
  if (records === undefined) return undefined
  const aliases = new Map(records.flatMap(one => (one.type === 'CNAME' ? [[one.name, one] as const] : [])))
  let [owner, ttl] = [name, Number.POSITIVE_INFINITY]
  for (let i = 0; i < mostAliases; i++) {
    const alias = aliases.get(owner)
    if (alias === undefined) break
    ;[owner, ttl] = [plain(alias.data), Math.min(ttl, alias.ttl)]
  }
  const own = records.filter(one => one.type !== 'CNAME' && one.name === owner)
  const addresses = own.flatMap(({ data }) => tryParseIp(data) ?? [])
  if (addresses.length === 0) return undefined
  return { addresses: [...new Set(addresses)], ttl: Math.min(ttl, ...own.map(one => one.ttl)) }
}

interface Held {
  readonly type: 'A' | 'AAAA' | 'CNAME'
  readonly name: string
  readonly data: string
  readonly ttl: number
}

function recordsOf(message: Buffer): Held[] | undefined {
  try {
    return (decode(message).answers ?? []).flatMap(record => {
      if (record.type !== 'A' && record.type !== 'AAAA' && record.type !== 'CNAME') return []
      if (record.class !== 'IN') return []
      return [{ type: record.type, name: plain(record.name), data: record.data, ttl: record.ttl ?? 0 }]
    })
  } catch {
    // The library throws errors of several kinds for what is no message.
    return undefined
  }
}

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '')
