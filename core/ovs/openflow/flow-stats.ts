/** Statistics of flows as OpenFlow 1.3 sends them (OpenFlow Switch Specification 1.3, 7.3.5.2). */

/** A flow of a bridge with what it counted. */
export interface FlowStatistics {
  readonly table: number
  readonly priority: number
  /** The upper half of the cookie is left away: OVN uses the lower one. */
  readonly cookie: number
  readonly ageSeconds: number
  readonly packets: number
  readonly bytes: number
  /** What it matches, in the bytes of OXM: part of what was read, to be copied by whoever keeps it. */
  readonly match: Buffer
  /** One of the conditions of a flow with `conj_id`: it counts packets that the other one decides about (ovs-actions(7), `conjunction`). */
  readonly clause: boolean
}

/** Kind of multipart message, of requests and of answers. */
export const flowStatistics = 1
/** Flag of an answer that is not the last. */
export const moreFollows = 1

const anything = 0xffff_ffff
const allTables = 0xff

/** Body of a request for all flows of a table; without one of the whole bridge. */
export function flowStatsRequest(table: number = allTables): Buffer {
  const bytes = Buffer.alloc(48)
  bytes.writeUInt16BE(flowStatistics, 0)
  bytes.writeUInt8(table, 8)
  // Whatever port and group they lead to, whatever their cookie.
  bytes.writeUInt32BE(anything, 12)
  bytes.writeUInt32BE(anything, 16)
  // An empty match: type OXM, four bytes long, padded to eight.
  bytes.writeUInt16BE(1, 40)
  bytes.writeUInt16BE(4, 42)
  return bytes
}

/** Where the parts of a flow's entry are. */
const at = { table: 2, age: 4, priority: 12, cookie: 28, packets: 32, bytes: 40, match: 48 } as const

/** @throws RangeError where entries do not end where they say */
export function* flowEntries(body: Buffer): Generator<FlowStatistics> {
  for (let start = 8; start < body.length; ) {
    const length = body.readUInt16BE(start)
    if (length < at.match + 8 || start + length > body.length)
      throw new RangeError(`expected a flow's entry of 56 bytes or more within ${body.length - start}, got ${length}`)
    yield flowEntry(body.subarray(start, start + length))
    start += length
  }
}

function flowEntry(entry: Buffer): FlowStatistics {
  const matchLength = entry.readUInt16BE(at.match + 2)
  const instructions = at.match + Math.ceil(matchLength / 8) * 8
  return {
    table: entry.readUInt8(at.table),
    priority: entry.readUInt16BE(at.priority),
    cookie: entry.readUInt32BE(at.cookie),
    ageSeconds: entry.readUInt32BE(at.age),
    packets: countAt(entry, at.packets),
    bytes: countAt(entry, at.bytes),
    match: entry.subarray(at.match + 4, at.match + matchLength),
    clause: isClause(entry.subarray(instructions)),
  }
}

/** A switch that does not count says so by the highest number. */
function countAt(entry: Buffer, offset: number): number {
  const [high, low] = [entry.readUInt32BE(offset), entry.readUInt32BE(offset + 4)]
  return high === anything && low === anything ? 0 : high * 2 ** 32 + low
}

const applyActions = 4
const experimenter = 0xffff
const nicira = 0x2320
const conjunction = 34

/** Whether the first action is `conjunction`: nothing else stands beside it. */
function isClause(instructions: Buffer): boolean {
  if (instructions.length < 18 || instructions.readUInt16BE(0) !== applyActions) return false
  const [type, vendor, kind] = [
    instructions.readUInt16BE(8),
    instructions.readUInt32BE(12),
    instructions.readUInt16BE(16),
  ]
  return type === experimenter && vendor === nicira && kind === conjunction
}
