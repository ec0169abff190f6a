import { integrationBridge, interfaceIds, type PodNetwork } from '@ovnkit/cni-api'
import { ipFamily } from '@ovnkit/inet'
import { type Link, Netlink, openNetns, type Route } from '@ovnkit/linux'
import type { LocalDatabase } from '../facts/switch.ts'
import { isInstalled } from './installed.ts'
import { routesOf } from './link.ts'
import { findPorts } from './port.ts'
import { hostInterfaceName, type Sandbox } from './sandbox.ts'

/** What differs from what an ADD has made, one sentence each. */
export async function checkSandbox(
  database: LocalDatabase,
  host: Netlink,
  sandbox: Sandbox,
  mtu: number,
): Promise<readonly string[]> {
  const vhost = findPorts(database, sandbox).some(row => row.external_ids.has(interfaceIds.vhostSocket))
  if (vhost) return checkPort(database, sandbox)
  const [outer, inside] = await Promise.all([
    host.linkByName(hostInterfaceName(sandbox)),
    inspect(sandbox.netns, sandbox.ifName),
  ])
  return [
    ...checkInside(inside, sandbox, mtu),
    ...checkHost(outer, inside.link, sandbox),
    ...checkPort(database, sandbox),
  ]
}

interface Inside {
  readonly link: Link | undefined
  readonly addresses: readonly string[]
  readonly routes: readonly Route[]
}

async function inspect(path: string, ifName: string): Promise<Inside> {
  using netns = openNetns(path)
  using netlink = Netlink.open({ netns })
  const link = await netlink.linkByName(ifName)
  if (link === undefined) return { link, addresses: [], routes: [] }
  const { index } = link
  const [addresses, routes] = await Promise.all([netlink.addresses({ index }), netlink.routes({ index })])
  return { link, addresses: addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`), routes }
}

function checkInside({ link, addresses, routes }: Inside, { ifName, network }: Sandbox, mtu: number): string[] {
  if (link === undefined) return [`interface ${ifName} is missing in the sandbox`]
  return [
    ...expectThat(link.up, `interface ${ifName} is down`),
    ...expectThat(link.mac === network.mac, `interface ${ifName} has MAC ${link.mac} instead of ${network.mac}`),
    ...expectThat(link.mtu === mtu, `interface ${ifName} has MTU ${link.mtu} instead of ${mtu}`),
    ...missingAddresses(network, addresses),
    ...missingRoutes(network, routes),
  ]
}

function missingAddresses({ addresses }: PodNetwork, present: readonly string[]): string[] {
  const wanted = addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`)
  return wanted.filter(text => !present.includes(text)).map(text => `address ${text} is missing`)
}

function missingRoutes(network: PodNetwork, present: readonly Route[]): string[] {
  return routesOf(network).flatMap(({ destination, nextHop }) => {
    const found = present.some(
      ({ family, destination: to, via }) =>
        family === ipFamily(nextHop) && to.text === destination.text && via === nextHop,
    )
    return expectThat(found, `route ${destination.text} via ${nextHop} is missing`)
  })
}

function checkHost(outer: Link | undefined, inner: Link | undefined, sandbox: Sandbox): string[] {
  const name = hostInterfaceName(sandbox)
  if (outer === undefined) return [`interface ${name} is missing on the host`]
  return [
    ...expectThat(outer.up, `interface ${name} is down`),
    ...expectThat(outer.peerIndex === inner?.index, `interface ${name} is not the other end of ${sandbox.ifName}`),
  ]
}

function checkPort(database: LocalDatabase, sandbox: Sandbox): string[] {
  const [row] = findPorts(database, sandbox)
  if (row === undefined) return ['the port on the integration bridge is missing']
  const port = database.table('Port').by('byInterface', row._uuid)
  const bridge = database.table('Bridge').by('byName', integrationBridge)
  const attached = port !== undefined && bridge?.ports.has(port._uuid) === true
  return [
    ...expectThat(attached, `port ${row.name} is not on ${integrationBridge}`),
    ...expectThat(
      row.external_ids.get(interfaceIds.ifaceIdVer) === sandbox.podUid,
      `port ${row.name} belongs to another incarnation of the pod`,
    ),
    ...expectThat((row.ofport ?? 0) > 0, `Open vSwitch has not opened ${row.name}${row.error ? `: ${row.error}` : ''}`),
    ...expectThat(isInstalled(row), `port ${row.name} is not bound: ovn-controller has not set it up`),
  ]
}

const expectThat = (holds: boolean, text: string): string[] => (holds ? [] : [text])
