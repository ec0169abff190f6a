import { type Cidr, cidrOf, type Family, type IpAddress } from '@ovnkit/inet'
import { Reader, Writer } from './bytes.ts'
import { AF_UNSPEC, familyNumber, familyOf, ipBytes, readIp } from './ip.ts'
import type { Message } from './message.ts'

/** Policy routing rules: struct fib_rule_hdr and FRA_ attributes (linux/fib_rules.h). */
export const RTM_NEWRULE = 32
export const RTM_DELRULE = 33
export const RTM_GETRULE = 34

const headerSize = 12
const FRA_DST = 1
const FRA_SRC = 2
const FRA_IIFNAME = 3
const FRA_PRIORITY = 6
const FRA_FWMARK = 10
const FRA_SUPPRESS_PREFIXLEN = 14
const FRA_TABLE = 15
const FRA_FWMASK = 16
const FRA_OIFNAME = 17
const FRA_PROTOCOL = 21
const FIB_RULE_INVERT = 2

export const ruleActions = { lookup: 1, blackhole: 6, unreachable: 7, prohibit: 8 } as const
export type RuleAction = keyof typeof ruleActions | 'other'

const actionNames = new Map<number, keyof typeof ruleActions>([
  [1, 'lookup'],
  [6, 'blackhole'],
  [7, 'unreachable'],
  [8, 'prohibit'],
])

export interface Rule {
  readonly family: Family
  /** The smaller is tried first. */
  readonly priority: number
  readonly action: RuleAction
  readonly table: number
  /** undefined: from or to anywhere. */
  readonly source: Cidr | undefined
  readonly destination: Cidr | undefined
  readonly inputLink: string | undefined
  readonly outputLink: string | undefined
  readonly mark: number | undefined
  readonly mask: number | undefined
  /** Routes with a prefix of this length or shorter are ignored. */
  readonly suppressPrefixLength: number | undefined
  readonly invert: boolean
  /** Who made it (FRA_PROTOCOL). */
  readonly protocol: number
}

export interface RuleSpec {
  readonly family: Family
  readonly priority: number
  readonly action?: keyof typeof ruleActions
  readonly table?: number
  readonly source?: Cidr
  readonly destination?: Cidr
  readonly inputLink?: string
  readonly outputLink?: string
  readonly mark?: number
  readonly mask?: number
  readonly suppressPrefixLength?: number
  readonly invert?: boolean
  readonly protocol?: number
}

/** RTM_NEWRULE or RTM_DELRULE. */
export function encodeRule(rule: RuleSpec): Buffer {
  const table = rule.table ?? 0
  const writer = new Writer(128).header(headerSize, (buffer, start) => {
    buffer.writeUInt8(familyNumber(rule.family), start)
    buffer.writeUInt8(rule.destination?.prefixLength ?? 0, start + 1)
    buffer.writeUInt8(rule.source?.prefixLength ?? 0, start + 2)
    buffer.writeUInt8(table < 256 ? table : 0, start + 4)
    buffer.writeUInt8(ruleActions[rule.action ?? 'lookup'], start + 7)
    buffer.writeUInt32LE(rule.invert ? FIB_RULE_INVERT : 0, start + 8)
  })
  writer.u32(FRA_PRIORITY, rule.priority)
  if (table !== 0) writer.u32(FRA_TABLE, table)
  if (rule.source?.prefixLength) writer.raw(FRA_SRC, ipBytes(rule.source.network))
  if (rule.destination?.prefixLength) writer.raw(FRA_DST, ipBytes(rule.destination.network))
  if (rule.inputLink !== undefined) writer.text(FRA_IIFNAME, rule.inputLink)
  if (rule.outputLink !== undefined) writer.text(FRA_OIFNAME, rule.outputLink)
  if (rule.mark !== undefined) writer.u32(FRA_FWMARK, rule.mark)
  if (rule.mask !== undefined) writer.u32(FRA_FWMASK, rule.mask)
  if (rule.suppressPrefixLength !== undefined) writer.u32(FRA_SUPPRESS_PREFIXLEN, rule.suppressPrefixLength)
  if (rule.protocol !== undefined) writer.u8(FRA_PROTOCOL, rule.protocol)
  return writer.bytes()
}

/** RTM_GETRULE of all rules, of one family where given. */
export function encodeRuleDump(family?: Family): Buffer {
  return new Writer(16)
    .header(headerSize, (buffer, start) =>
      buffer.writeUInt8(family === undefined ? AF_UNSPEC : familyNumber(family), start),
    )
    .bytes()
}

interface Found {
  priority: number
  table: number
  protocol: number
  source?: IpAddress
  destination?: IpAddress
  inputLink?: string
  outputLink?: string
  mark?: number
  mask?: number
  suppress?: number
}

const noSuppression = 0xffffffff

/** Body of RTM_NEWRULE or RTM_DELRULE; undefined for other families. */
export function parseRule({ buffer, start, end }: Message): Rule | undefined {
  const family = familyOf(buffer.readUInt8(start))
  if (family === undefined) return undefined
  const found: Found = { priority: 0, table: buffer.readUInt8(start + 4), protocol: 0 }
  const reader = new Reader(buffer, start + headerSize, end)
  while (reader.next()) readAttribute(found, reader, family)
  return {
    family,
    priority: found.priority,
    action: actionNames.get(buffer.readUInt8(start + 7)) ?? 'other',
    table: found.table,
    source: found.source && cidrOf(found.source, buffer.readUInt8(start + 2)),
    destination: found.destination && cidrOf(found.destination, buffer.readUInt8(start + 1)),
    inputLink: found.inputLink,
    outputLink: found.outputLink,
    mark: found.mark,
    mask: found.mask,
    suppressPrefixLength: found.suppress === noSuppression ? undefined : found.suppress,
    invert: (buffer.readUInt32LE(start + 8) & FIB_RULE_INVERT) !== 0,
    protocol: found.protocol,
  }
}

function readAttribute(found: Found, reader: Reader, family: Family): void {
  switch (reader.type) {
    case FRA_PRIORITY:
      found.priority = reader.u32()
      break
    case FRA_TABLE:
      found.table = reader.u32()
      break
    case FRA_SRC:
      found.source = readIp(reader.buffer, reader.start, family)
      break
    case FRA_DST:
      found.destination = readIp(reader.buffer, reader.start, family)
      break
    case FRA_IIFNAME:
      found.inputLink = reader.text()
      break
    case FRA_OIFNAME:
      found.outputLink = reader.text()
      break
    case FRA_FWMARK:
      found.mark = reader.u32()
      break
    case FRA_FWMASK:
      found.mask = reader.u32()
      break
    case FRA_SUPPRESS_PREFIXLEN:
      found.suppress = reader.u32()
      break
    case FRA_PROTOCOL:
      found.protocol = reader.u8()
  }
}
