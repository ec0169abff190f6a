import { type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import {
  type Connection,
  CTNL_DELETE,
  CTNL_GET,
  encodeConnectionDelete,
  encodeConnectionDump,
  parseConnection,
  type Tuple,
} from './codec/conntrack.ts'
import { hasCode } from './errors.ts'
import type { NetnsRef } from './netns.ts'
import { RequestChannel } from './requests.ts'
import { NetlinkSocket } from './socket.ts'

const queueBytes = 1024 * 1024

/** Protocols that have ports, by name. */
export const transportProtocols = { tcp: 6, udp: 17, sctp: 132 } as const

/** Which connections: all that is named must hold. An empty filter would mean all, so it is refused. */
export interface ConntrackFilter {
  /** Source or destination of either direction, so before or after translation. */
  readonly address?: IpAddress
  /** Destination of the original direction: a Service's address. */
  readonly destination?: IpAddress
  /** Source of the replies: the address that the connection was translated to, a Service's backend. */
  readonly translatedTo?: IpAddress
  readonly protocol?: keyof typeof transportProtocols
  /** Destination port of the original direction. */
  readonly port?: number
  /** Port of `translatedTo`. */
  readonly translatedPort?: number
  readonly zone?: number
}

/**
 * Ends the tracking of connections in a namespace's kernel and resolves to how many there were. A later packet of theirs is looked at anew: this
 * is needed for UDP when a Service's backend goes (its clients would go on sending to it for ever).
 */
export async function flushConntrack(filter: ConntrackFilter, netns: NetnsRef = 'host'): Promise<number> {
  if (Object.keys(filter).length === 0)
    throw new TypeError('expected a filter that names an address, port, protocol or zone, got an empty one')
  using channel = openChannel(netns)
  const found = (await dump(channel, familyOfFilter(filter))).filter(each => matches(filter, each))
  const deleted = await Promise.all(found.map(connection => remove(channel, connection)))
  return deleted.filter(Boolean).length
}

/** Where packets to a published UDP port are sent now. */
export interface TranslatedFlow {
  readonly family: Family
  /** Every address of the host where there is none. */
  readonly destination?: IpAddress
  readonly port: number
  /** Places that are right, as `address . port`; none: the port is no longer published. */
  readonly to: readonly string[]
}

/**
 * Ends the tracking of UDP connections that were sent elsewhere than their port leads now: clients that go on sending would never get to the right place.
 * The kernel's table is read once, for all of them. Resolves to how many there were.
 */
export async function forgetTranslations(flows: readonly TranslatedFlow[], netns: NetnsRef = 'host'): Promise<number> {
  if (flows.length === 0) return 0
  const byPort = Map.groupBy(flows, ({ family, port }) => `${family} ${port}`)
  using channel = openChannel(netns)
  const families = new Set(flows.map(({ family }) => family))
  const found = await dump(channel, families.size === 1 ? flows[0]?.family : undefined)
  const stale = found.filter(({ family, original, reply }) => {
    if (original.protocol !== transportProtocols.udp) return false
    const place = `${reply.source} . ${reply.sourcePort}`
    return byPort
      .get(`${family} ${original.destinationPort}`)
      ?.some(
        ({ destination = original.destination, to }) => destination === original.destination && !to.includes(place),
      )
  })
  const deleted = await Promise.all(stale.map(connection => remove(channel, connection)))
  return deleted.filter(Boolean).length
}

/** Connections that the kernel of a namespace tracks. */
export async function listConntrack(filter: ConntrackFilter = {}, netns: NetnsRef = 'host'): Promise<Connection[]> {
  using channel = openChannel(netns)
  return (await dump(channel, familyOfFilter(filter))).filter(each => matches(filter, each))
}

function openChannel(netns: NetnsRef): RequestChannel {
  return new RequestChannel(new NetlinkSocket('netfilter', netns, queueBytes))
}

function dump(channel: RequestChannel, family: Family | undefined): Promise<Connection[]> {
  const attempted = () => 'list tracked connections'
  return channel.dump({ type: CTNL_GET, body: encodeConnectionDump(family), attempted, parse: parseConnection })
}

/** False when it ended meanwhile. */
async function remove(channel: RequestChannel, connection: Connection): Promise<boolean> {
  const { source, destination } = connection.original
  const attempted = () => `forget the connection ${source} -> ${destination}`
  try {
    await channel.request({ type: CTNL_DELETE, body: encodeConnectionDelete(connection), attempted })
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

function familyOfFilter({ address, destination, translatedTo }: ConntrackFilter): Family | undefined {
  const named = address ?? destination ?? translatedTo
  return named && ipFamily(named)
}

/** Whether a connection is one that the filter means. */
export function matches(filter: ConntrackFilter, { original, reply, zone }: Connection): boolean {
  return (
    (filter.address === undefined || mentions(original, filter.address) || mentions(reply, filter.address)) &&
    (filter.destination === undefined || original.destination === filter.destination) &&
    (filter.translatedTo === undefined || reply.source === filter.translatedTo) &&
    (filter.protocol === undefined || original.protocol === transportProtocols[filter.protocol]) &&
    (filter.port === undefined || original.destinationPort === filter.port) &&
    (filter.translatedPort === undefined || reply.sourcePort === filter.translatedPort) &&
    (filter.zone === undefined || zone === filter.zone)
  )
}

const mentions = ({ source, destination }: Tuple, address: IpAddress): boolean =>
  source === address || destination === address
