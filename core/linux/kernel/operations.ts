import { ipFamily } from '@ovnkit/inet'
import type { Link } from '../codec/link.ts'
import type { LinkChange, Netlink } from '../netlink.ts'
import {
  type KernelAddressSpec,
  type KernelLinkSpec,
  type KernelNeighbourSpec,
  type KernelRouteSpec,
  metricOf,
} from './desired.ts'
import type { LinkSettings } from './link-settings.ts'
import type { KernelMirror } from './mirror.ts'

/** In this order: what is in the way goes first, then each kind after those that it needs. */
export const phases = [
  'remove-routes',
  'remove-addresses',
  'remove-links',
  'create-links',
  'links',
  'addresses',
  'routes',
  'rules',
] as const
export type Phase = (typeof phases)[number]

/** One change. `run` is called when all earlier phases are done, together with the others of its phase. */
export interface Operation {
  readonly phase: Phase
  run(context: Context): Promise<void>
}

export interface Context {
  readonly netlink: Netlink
  readonly mirror: KernelMirror
  /** Our protocol number: the mark. */
  readonly protocol: number
  readonly settings: LinkSettings
}

/** A link that was there when the change was planned or has been created since. */
function linkOf({ mirror }: Context, name: string): Link {
  const link = mirror.links.get(name)
  if (!link) throw new Error(`link "${name}" went away meanwhile`)
  return link
}

const indexOf = (context: Context, name: string): number => linkOf(context, name).index

export function createLink(spec: KernelLinkSpec, alias: string): Operation {
  return {
    phase: 'create-links',
    async run({ netlink, protocol }) {
      // The group is set at the creation itself, so that even a link of which we got no further is known as ours.
      const attributes = {
        name: spec.name,
        group: protocol,
        ...(spec.mac && { mac: spec.mac }),
        ...(spec.mtu !== undefined && { mtu: spec.mtu }),
      }
      if (spec.create?.kind === 'veth') await netlink.createVeth({ ...attributes, peer: spec.create.peer })
      else if (spec.create) await netlink.createLink(spec.create.kind, attributes)
      await netlink.setLink(spec.name, { alias })
    },
  }
}

export function changeLink(spec: KernelLinkSpec): Operation {
  return {
    phase: 'links',
    async run(context) {
      const link = linkOf(context, spec.name)
      const changes = linkChanges(spec, link, context)
      context.settings.apply(link.index, spec)
      if (Object.keys(changes).length > 0) await context.netlink.setLink(link.index, changes)
    },
  }
}

/** Only what differs: to set even the same MAC again makes the kernel drop all neighbours of the link. */
function linkChanges(
  { mac, mtu, txQueueLength, up, master }: KernelLinkSpec,
  link: Link,
  context: Context,
): LinkChange {
  const masterIndex = master === undefined ? link.master : indexOf(context, master)
  return {
    ...(mac !== undefined && mac !== link.mac && { mac }),
    ...(mtu !== undefined && mtu !== link.mtu && { mtu }),
    ...(txQueueLength !== undefined && txQueueLength !== link.txQueueLength && { txQueueLength }),
    ...(masterIndex !== undefined && masterIndex !== link.master && { master: masterIndex }),
    ...(up !== undefined && up !== link.up && { up }),
  }
}

export function addAddress({ link, ...spec }: KernelAddressSpec): Operation {
  return {
    phase: 'addresses',
    async run(context) {
      const index = indexOf(context, link)
      await context.netlink.addAddress({ ...spec, index, protocol: context.protocol, replace: true })
      context.mirror.noteAddress({
        index,
        family: ipFamily(spec.address),
        address: spec.address,
        prefixLength: spec.prefixLength,
        peer: undefined,
        broadcast: undefined,
        scope: spec.scope ?? 'global',
        label: '',
        permanent: true,
        tentative: false,
        dadFailed: false,
        nodad: true,
        noPrefixRoute: spec.noPrefixRoute ?? false,
        protocol: context.protocol,
      })
    },
  }
}

/** `replace` when a route of ours has this key already; otherwise one of somebody else makes it fail. */
export function addRoute(spec: KernelRouteSpec, replace: boolean): Operation {
  return {
    phase: 'routes',
    run: context => context.netlink.addRoute({ ...netlinkRoute(context, spec), replace }),
  }
}

export const removeRoute = (spec: KernelRouteSpec): Operation => ({
  phase: 'remove-routes',
  run: async context => void (await context.netlink.deleteRoute(netlinkRoute(context, spec))),
})

function netlinkRoute(context: Context, { link, metric, ...spec }: KernelRouteSpec) {
  const index = link === undefined ? undefined : indexOf(context, link)
  const priority = metricOf(spec.destination.family, metric)
  return { ...spec, metric: priority, protocol: context.protocol, ...(index !== undefined && { index }) }
}

export function setNeighbour({ link, ...spec }: KernelNeighbourSpec): Operation {
  return {
    phase: 'routes',
    async run(context) {
      const { protocol, mirror, netlink } = context
      const index = indexOf(context, link)
      await netlink.setNeighbour({ ...spec, index, protocol })
      const { address, mac, proxy = false } = spec
      mirror.noteNeighbour({
        index,
        family: ipFamily(address),
        address,
        mac,
        state: proxy ? 'none' : 'permanent',
        proxy,
        protocol,
      })
    },
  }
}
