import type { Route } from '../codec/route.ts'
import {
  KernelAddress,
  KernelLink,
  KernelNeighbour,
  type KernelObject,
  KernelRoute,
  type KernelRule,
} from './desired.ts'
import type { LinkSettings } from './link-settings.ts'
import type { KernelMirror } from './mirror.ts'
import type { Operation } from './operations.ts'
import * as operations from './operations.ts'

/** What a comparison looks at. */
export interface Situation {
  readonly mirror: KernelMirror
  readonly protocol: number
  readonly settings: LinkSettings
  /** Whether the kernel keeps the mark on addresses (Linux 5.18). */
  readonly marksAddresses: boolean
  /** Links that an operation of the same batch creates or switches on. */
  readonly coming: ReadonlySet<string>
  /** Text for the alias of created links. */
  readonly alias: string
}

/** The operations that are missing (none: it is there), or why they can't be done now. */
export type Difference = readonly Operation[] | { readonly blocked: string }

export function differenceOf(object: KernelObject, situation: Situation): Difference {
  if (object instanceof KernelLink) return linkDifference(object, situation)
  if (object instanceof KernelAddress) return addressDifference(object, situation)
  if (object instanceof KernelNeighbour) return neighbourDifference(object, situation)
  if (object instanceof KernelRoute) return routeDifference(object, situation)
  return ruleDifference(object, situation)
}

function linkDifference({ spec }: KernelLink, { mirror, settings, protocol, alias, coming }: Situation): Difference {
  const link = mirror.links.get(spec.name)
  if (spec.master !== undefined && !mirror.links.has(spec.master) && !coming.has(spec.master))
    return missing(spec.master)
  if (!link) return spec.create ? [operations.createLink(spec, alias), operations.changeLink(spec)] : missing(spec.name)
  if (spec.create && link.group !== protocol)
    return { blocked: `link "${spec.name}" exists and is not ours; remove or rename it` }
  const same =
    (spec.mac === undefined || link.mac === spec.mac) &&
    (spec.mtu === undefined || link.mtu === spec.mtu) &&
    (spec.up === undefined || link.up === spec.up) &&
    (spec.txQueueLength === undefined || link.txQueueLength === spec.txQueueLength) &&
    (spec.master === undefined || mirror.nameOf(link.master) === spec.master) &&
    settings.has(link.index, spec)
  return same ? [] : [operations.changeLink(spec)]
}

const missing = (name: string): Difference => ({ blocked: `link "${name}" does not exist` })

function addressDifference({ key, spec }: KernelAddress, { mirror, coming }: Situation): Difference {
  if (mirror.addresses.has(key)) return []
  if (!mirror.links.has(spec.link) && !coming.has(spec.link)) return missing(spec.link)
  return [operations.addAddress(spec)]
}

function neighbourDifference({ key, spec }: KernelNeighbour, { mirror, coming, protocol }: Situation): Difference {
  const held = mirror.neighbours.get(key)
  if (held && (spec.proxy || held.mac === spec.mac)) return []
  if (held && held.protocol !== protocol)
    return { blocked: `${key} has another, permanent MAC ${held.mac} that is not ours` }
  return usable(spec.link, mirror, coming) ?? [operations.setNeighbour(spec)]
}

function routeDifference({ key, spec }: KernelRoute, { mirror, coming }: Situation): Difference {
  const held = mirror.routes.get(key)
  if (held && sameRoute(held, spec, mirror)) return []
  const blocked = spec.link === undefined ? undefined : usable(spec.link, mirror, coming)
  return blocked ?? [operations.addRoute(spec, held !== undefined)]
}

/** The kernel takes neither routes nor neighbours on a link that is down. */
function usable(name: string, mirror: KernelMirror, coming: ReadonlySet<string>): Difference | undefined {
  const link = mirror.links.get(name)
  if (coming.has(name) || link?.up) return undefined
  return link ? { blocked: `link "${name}" is down` } : missing(name)
}

function sameRoute(held: Route, spec: KernelRoute['spec'], mirror: KernelMirror): boolean {
  return (
    held.type === (spec.type ?? 'unicast') &&
    held.via === spec.via &&
    (spec.link === undefined || mirror.nameOf(held.index) === spec.link) &&
    held.source === spec.source &&
    held.mtu === (spec.mtu ?? 0) &&
    held.onlink === (spec.onlink ?? false) &&
    (spec.scope === undefined || held.scope === spec.scope) &&
    held.nextHops.length === 0
  )
}

function ruleDifference({ key, spec }: KernelRule, { mirror, protocol }: Situation): Difference {
  if (mirror.rules.has(key)) return []
  return [{ phase: 'rules', run: ({ netlink }) => netlink.addRule({ ...spec, protocol }) }]
}

/** The operation that removes an object; none when it is gone or does not carry our mark. */
export function removalOf(
  object: KernelObject,
  { mirror, protocol, marksAddresses }: Situation,
): Operation | undefined {
  if (object instanceof KernelLink) {
    const link = mirror.links.get(object.spec.name)
    if (link?.group !== protocol) return undefined
    return { phase: 'remove-links', run: async ({ netlink }) => void (await netlink.deleteLink(link.index)) }
  }
  if (object instanceof KernelAddress) {
    const held = mirror.addresses.get(object.key)
    if (!held || (marksAddresses && held.protocol !== protocol)) return undefined
    return { phase: 'remove-addresses', run: async ({ netlink }) => void (await netlink.deleteAddress(held)) }
  }
  if (object instanceof KernelNeighbour) {
    const held = mirror.neighbours.get(object.key)
    if (held?.protocol !== protocol) return undefined
    return { phase: 'remove-routes', run: async ({ netlink }) => void (await netlink.deleteNeighbour(held)) }
  }
  if (object instanceof KernelRoute)
    return mirror.routes.has(object.key) ? operations.removeRoute(object.spec) : undefined
  if (!mirror.rules.has(object.key)) return undefined
  return {
    phase: 'remove-routes',
    run: async ({ netlink }) => void (await netlink.deleteRule({ ...object.spec, protocol })),
  }
}
