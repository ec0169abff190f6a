import { type IpAddress, type Mac, parseIp, parseMac } from '@ovnkit/inet'

/** Somebody on a provider network has an address that a pod was about to get. */
export interface AddressConflict {
  readonly address: IpAddress
  /** Who answered for it. */
  readonly mac: Mac
  /** The pod that was to have it, `namespace/name`, */
  readonly pod: string
  /** and its UID as the controller records it. */
  readonly uid: string
  /** When the node forgets it: milliseconds since 1970. */
  readonly until: number
}

/** Annotation `zstack.io/address-conflicts` of the node that found them; undefined where there are none. */
export function formatAddressConflicts(conflicts: readonly AddressConflict[]): string | undefined {
  if (conflicts.length === 0) return undefined
  const sorted = conflicts.toSorted((a, b) => (a.address < b.address ? -1 : 1))
  return JSON.stringify(sorted.map(one => ({ ...one, until: new Date(one.until).toISOString() })))
}

/** Reads `formatAddressConflicts` back; nothing where somebody else wrote it. */
export function parseAddressConflicts(text: string | undefined): AddressConflict[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(list) ? list.map(conflictOf) : []
  } catch {
    return []
  }
}

/** @throws InetError, TypeError */
function conflictOf(entry: object): AddressConflict {
  const field = (name: string) => String(Reflect.get(entry, name))
  const until = Date.parse(field('until'))
  if (Number.isNaN(until)) throw new TypeError(`expected a time, got ${field('until')}`)
  return {
    address: parseIp(field('address')),
    mac: parseMac(field('mac')),
    pod: field('pod'),
    uid: field('uid'),
    until,
  }
}
