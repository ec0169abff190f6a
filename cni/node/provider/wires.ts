import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { KernelLink } from '@ovnkit/linux'
import { type Rendered, Store, type View } from '@ovnkit/reconcile'
import { theSwitch } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import { ovs } from '../host/objects.ts'

/** One VLAN of a provider network that Subnets live on, and the node's ear on it. */
export interface Wire {
  /** Bridge that carries the network. */
  readonly bridge: string
  /** VLAN; 0: untagged. */
  readonly vlan: number
  /** Name of the link by which the node asks there who has an address. */
  readonly link: string
}

export const wireOwner = 'wire'
export type WireStore = Store<Wire>

export const createWireStore = (): WireStore =>
  new Store<Wire>({ name: 'wires', equals: (a, b) => a.bridge === b.bridge && a.vlan === b.vlan })

/** Key of the wire of a Subnet; undefined where it lives on none. */
export function wireKey({ subnets }: Pick<HostContext, 'subnets'>, subnet: string | undefined): string | undefined {
  const { provider, vlan = 0 } = (subnet !== undefined && subnets.get(subnet)) || {}
  return provider === undefined ? undefined : `${provider}/${vlan}`
}

type Ground = Pick<HostContext, 'subnets' | 'switches'>

/** Keeps `wires`: one for every VLAN that a Subnet lives on and this node has mapped, by us or by hand. */
export function followWires(context: Ground & { readonly wires: WireStore }): Disposable {
  const { subnets, switches, wires } = context
  const look = () => {
    if (subnets.synced && switches.synced) wires.replace(wiresOf(context))
  }
  const stack = new DisposableStack()
  for (const source of [subnets, switches]) {
    stack.use(source.subscribe(look))
    stack.use(source.onSynced(look))
  }
  return stack
}

function* wiresOf({ subnets, switches }: Ground): Generator<[string, Wire]> {
  const mappings = switches.get(theSwitch)?.mappings ?? {}
  for (const [name, { provider = '', vlan = 0 }] of subnets.entries()) {
    const key = wireKey({ subnets }, name)
    const bridge = mappings[provider]
    if (key !== undefined && bridge !== undefined) yield [key, { bridge, vlan, link: linkName(key) }]
  }
}

const linkName = (key: string): string => `zs-${createHash('sha256').update(key).digest('hex').slice(0, 10)}`

/** A kernel without IPv6 has no such settings. */
const withoutIpv6 = existsSync('/proc/sys/net/ipv6') ? { ipv6: { disable_ipv6: 1 } } : {}

/**
 * The node's ear on a VLAN: an internal port of the bridge, in that VLAN alone, with no address and silent about the addresses that the host has elsewhere. It is there
 * as long as a Subnet is, so that no pod waits for it.
 */
export function renderWire({ wires }: { readonly wires: WireStore }, key: string, view: View): Rendered {
  const wire = view.get(wires, key)
  if (wire === undefined) return { kind: 'objects', objects: [] }
  const { bridge, vlan, link: name } = wire
  const parent = { table: 'Bridge', index: 'byName', value: bridge, column: 'ports' }
  return {
    kind: 'objects',
    objects: [
      ovs.row({ table: 'Interface', key: `wire/${key}`, columns: { name, type: 'internal' } }),
      ovs.row({
        table: 'Port',
        key: `wire/${key}`,
        columns: { name, tag: vlan, interfaces: [ovs.ref('Interface', `wire/${key}`)] },
        parent,
      }),
      new KernelLink({ name, up: true, ipv4: { arp_ignore: 8 }, ...withoutIpv6 }),
    ],
  }
}
