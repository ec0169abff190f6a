import { readFileSync, rmSync } from 'node:fs'
import { type Cidr, cidrContains, cidrOf, type IpAddress, ipFamily, parseCidr, parseIp } from '@ovnkit/inet'
import type { Address, Route, RouteSpec } from '@ovnkit/linux'
import * as z from 'zod'
import { writeAtomically } from '../files/atomic.ts'

/** An address that the NIC had. */
export interface HeldAddress {
  readonly address: IpAddress
  readonly prefixLength: number
  /** False for one with a lifetime (DHCP, router advertisements): a newer one takes its place. */
  readonly permanent: boolean
}

/** A route that left by the NIC. */
export type HeldRoute = Omit<RouteSpec, 'index' | 'type'> & { readonly destination: Cidr }

/**
 * What the agent took from the NIC. It is written before anything is touched, so whoever comes next (the agent after a kill, after a reboot, or another mode)
 * knows what belongs to the NIC wherever it is found.
 */
export interface Journal {
  readonly nic: string
  readonly mac: string
  /** The bridge did not exist before. */
  readonly madeBridge: boolean
  /** `moving`: the outer network was not yet reached from the bridge. */
  readonly phase: 'moving' | 'moved'
  readonly addresses: readonly HeldAddress[]
  readonly routes: readonly HeldRoute[]
  /** Former leases that a newer one took the place of, until they are off the bridge: they may be somebody else's by now. */
  readonly superseded: readonly HeldAddress[]
}

const ip = z.string().transform(text => parseIp(text))
const held = z.object({ address: ip, prefixLength: z.int(), permanent: z.boolean() })
const shape = z.object({
  nic: z.string(),
  mac: z.string(),
  madeBridge: z.boolean(),
  phase: z.enum(['moving', 'moved']),
  addresses: z.array(held),
  // Journals of earlier versions have none.
  superseded: z.array(held).default([]),
  routes: z.array(
    z.object({
      destination: z.string().transform(text => parseCidr(text)),
      table: z.int(),
      protocol: z.int(),
      metric: z.int(),
      scope: z.enum(['global', 'site', 'link', 'host', 'nowhere']),
      via: ip.exactOptional(),
      source: ip.exactOptional(),
      mtu: z.int().exactOptional(),
      onlink: z.boolean().exactOptional(),
    }),
  ),
})

/**
 * undefined where nothing was taken.
 * @throws Error for a file that is not ours, which somebody must look at: without it the NIC's addresses are not known
 */
export function readJournal(path: string): Journal | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  return shape.parse(JSON.parse(text))
}

export function writeJournal(path: string, journal: Journal): void {
  const routes = journal.routes.map(route => ({ ...route, destination: route.destination.text }))
  writeAtomically(path, `${JSON.stringify({ ...journal, routes }, null, 2)}\n`, 0o600)
}

export function removeJournal(path: string): void {
  rmSync(path, { force: true })
}

/**
 * What the NIC has now, added to what it had. An address with a lifetime takes the place of older ones of its family: it is what a DHCP server gives now. Routes are
 * told apart as the kernel does, by destination, table and metric; those that could only be used with an address that has gone go with it.
 */
export function remember(journal: Journal, found: readonly HeldAddress[], routes: readonly HeldRoute[]): Journal {
  const leases = found.filter(({ permanent }) => !permanent)
  const leased = new Set(leases.map(({ address }) => ipFamily(address)))
  const isFound = ({ address }: HeldAddress) => found.some(other => other.address === address)
  const former = journal.addresses.filter(old => !isFound(old))
  const gone = former.filter(old => !old.permanent && leased.has(ipFamily(old.address)))
  const addresses = [...former.filter(old => !gone.includes(old)), ...found]
  const replaced = gone.filter(old => leases.some(lease => replaces(lease, old)))
  const superseded = [...journal.superseded.filter(old => !isFound(old)), ...replaced]
  const keys = new Set(routes.map(routeKey))
  const kept = journal.routes.filter(route => !keys.has(routeKey(route)) && !depends(route, replaced, addresses))
  return { ...journal, addresses, routes: [...kept, ...routes], superseded }
}

/** Of IPv6 an interface may have several leases: one of DHCPv6 (a /128), and those that routers' prefixes make (RFC 4862). */
function replaces(lease: HeldAddress, old: HeldAddress): boolean {
  const family = ipFamily(lease.address)
  if (family !== ipFamily(old.address)) return false
  return family === 4 || (lease.prefixLength === 128 && old.prefixLength === 128)
}

/** The route names one of the addresses that went as its source, or its router was a neighbour by them alone. */
function depends(
  { via, source, onlink }: HeldRoute,
  gone: readonly HeldAddress[],
  left: readonly HeldAddress[],
): boolean {
  if (gone.some(({ address }) => address === source)) return true
  const isNeighbour = ({ address, prefixLength }: HeldAddress) =>
    via !== undefined && cidrContains(cidrOf(address, prefixLength), via)
  return onlink !== true && gone.some(isNeighbour) && !left.some(isNeighbour)
}

export const routeKey = ({ destination, table, metric }: Pick<HeldRoute, 'destination' | 'table' | 'metric'>): string =>
  `${destination.text} ${table} ${metric}`

/** Of a link, what would be missed if it were gone: link-local addresses are the kernel's own. */
export function heldAddresses(all: readonly Address[], index: number): HeldAddress[] {
  return all
    .filter(each => each.index === index && each.scope === 'global' && !each.dadFailed)
    .map(({ address, prefixLength, permanent }) => ({ address, prefixLength, permanent }))
}

const kernelProtocol = 2
const localTable = 255

/** Routes by a link that somebody set, not those that the kernel keeps for its addresses, or has learned (a path's MTU). */
export function heldRoutes(all: readonly Route[], index: number): HeldRoute[] {
  return all
    .filter(
      route =>
        route.index === index && !route.cloned && route.protocol !== kernelProtocol && route.table !== localTable,
    )
    .map(({ destination, table, protocol, metric, scope, via, source, mtu, onlink }) => ({
      ...{ destination, table, protocol, metric, scope },
      ...(via !== undefined && { via }),
      ...(source !== undefined && { source }),
      ...(mtu > 0 && { mtu }),
      ...(onlink && { onlink }),
    }))
}
