import type { PodNetwork, PodRoute } from '@ovnkit/cni-api'
import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import { cidrOf, type IpAddress, ipFamily } from '@ovnkit/inet'
import {
  ensureSysctl,
  hasCode,
  Netlink,
  type Netns,
  openNetns,
  setOffloads,
  userspaceDatapathOffloads,
} from '@ovnkit/linux'
import { CniError } from '../server/cni-error.ts'
import { hostInterfaceAlias, hostInterfaceName, type Sandbox } from './sandbox.ts'

export interface LinkOptions {
  readonly mtu: number
  /** The integration bridge is of the userspace datapath. */
  readonly userspace: boolean
}

/**
 * The pair between host and sandbox, with the pod's MAC, addresses and routes inside. May be called again for the same
 * sandbox, and then completes or corrects what is there.
 * @returns whether the pair is a new one
 * @throws NetnsError, LinuxError; CniError where the sandbox has another interface of that name
 */
export async function ensureLink(host: Netlink, sandbox: Sandbox, options: LinkOptions): Promise<boolean> {
  using netns = openNetns(sandbox.netns)
  using inside = Netlink.open({ netns })
  const { index, created } = await ensurePair(host, inside, sandbox, netns, options.mtu)
  const { network, ifName } = sandbox
  if (network.addresses.some(({ ip }) => ipFamily(ip) === 6)) {
    ensureSysctl(`net/ipv6/conf/${ifName}/disable_ipv6`, 0, netns)
  }
  if (options.userspace) setOffloads(ifName, netns, userspaceDatapathOffloads)
  await Promise.all([
    inside.setLink(index, { up: true, mac: network.mac, mtu: options.mtu }),
    ...network.addresses.map(({ ip, prefixLength }) =>
      inside.addAddress({ index, address: ip, prefixLength, replace: true }),
    ),
    ...routesOf(network).map(({ destination, nextHop }) =>
      inside.addRoute({ destination, via: nextHop, index, replace: true }),
    ),
  ])
  return created
}

/** The default routes and the others. */
export function routesOf({ gateways, routes }: PodNetwork): readonly PodRoute[] {
  const defaults = gateways.map(nextHop => ({ destination: defaultRoute(nextHop), nextHop }))
  return [...defaults, ...routes]
}

const defaultRoute = (nextHop: IpAddress) => cidrOf(nextHop, 0)

interface Pair {
  /** Of the inner end. */
  readonly index: number
  readonly created: boolean
}

async function ensurePair(host: Netlink, inside: Netlink, sandbox: Sandbox, netns: Netns, mtu: number): Promise<Pair> {
  const create = async () => ({ index: await createPair(host, sandbox, netns, mtu), created: true })
  try {
    return await create()
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    const index = await existingPair(host, inside, sandbox)
    return index === undefined ? await create() : { index, created: false }
  }
}

async function createPair(host: Netlink, sandbox: Sandbox, netns: Netns, mtu: number): Promise<number> {
  const { ifName, network } = sandbox
  const peer = { name: ifName, netns, mac: network.mac, mtu }
  const name = hostInterfaceName(sandbox)
  const { peerIndex } = await host.createVeth({ name, mtu, peer })
  if (peerIndex === undefined) throw new CniError(cniErrors.internal, `the kernel made ${name} without a peer`)
  await bringUpWithoutIpv6(host, name, hostInterfaceAlias(sandbox))
  return peerIndex
}

/**
 * The host's end is a port of the bridge and speaks to nobody. With IPv6 on, each would bring three routes, and
 * ovs-vswitchd reads its whole table again, with two calls a route, whenever a route changes: 98 ms of its CPU for one ADD
 * beside 250 pods instead of 18 beside 10. It must be off before the interface goes up.
 */
async function bringUpWithoutIpv6(host: Netlink, name: string, alias: string): Promise<void> {
  try {
    ensureSysctl(`net/ipv6/conf/${name}/disable_ipv6`, 1)
  } catch (error) {
    // A kernel without IPv6.
    if (!hasCode(error, 'ENOENT')) throw error
  }
  await host.setLink(name, { up: true, alias })
}

/** The pair of an earlier try; undefined after half a one was removed. */
async function existingPair(host: Netlink, inside: Netlink, sandbox: Sandbox): Promise<number | undefined> {
  const { ifName } = sandbox
  const name = hostInterfaceName(sandbox)
  const [outer, inner] = await Promise.all([host.linkByName(name), inside.linkByName(ifName)])
  if (outer && inner && outer.peerElsewhere && outer.peerIndex === inner.index) {
    await clean(inside, inner.index, sandbox.network)
    await bringUpWithoutIpv6(host, name, hostInterfaceAlias(sandbox))
    return inner.index
  }
  if (outer === undefined) {
    const text = `the sandbox has an interface ${ifName} already, which is not ours`
    throw new CniError(cniErrors.invalidConfig, text, `container ${sandbox.containerId}`)
  }
  await host.deleteLink(name)
  return undefined
}

/** Addresses of an earlier try that the pod does not have any more. */
async function clean(inside: Netlink, index: number, { addresses }: PodNetwork): Promise<void> {
  const present = await inside.addresses({ index })
  const stale = present.filter(
    ({ scope, address, prefixLength }) =>
      scope === 'global' && !addresses.some(wanted => wanted.ip === address && wanted.prefixLength === prefixLength),
  )
  await Promise.all(stale.map(({ address, prefixLength }) => inside.deleteAddress({ index, address, prefixLength })))
}
