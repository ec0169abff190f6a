import { createSocket } from 'node:dgram'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import type { Link, Netlink } from '@ovnkit/linux'

/** Any port: the kernel has to find the neighbour before anything leaves. RFC 863 throws away what comes to this one. */
const discardPort = 9
const askEveryMs = 300

/** Whether the kernel finds a neighbour on a link (ARP, ND) within a time. It is asked by sending to it. */
export async function reaches(netlink: Netlink, link: Link, neighbour: IpAddress, withinMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const known = (state: string, mac: unknown) =>
    mac !== undefined && (state === 'reachable' || state === 'delay' || state === 'probe')
  using subscription = netlink.subscribe(['neighbour'], event => {
    if (event.kind !== 'neighbour' || event.removed) return
    const { index, address, state, mac } = event.neighbour
    if (index === link.index && address === neighbour && known(state, mac)) resolve(true)
  })
  const socket = createSocket(ipFamily(neighbour) === 4 ? 'udp4' : 'udp6')
  socket.on('error', () => undefined)
  const ask = () => socket.send('', discardPort, neighbour, () => undefined)
  const asking = setInterval(ask, askEveryMs)
  const timer = setTimeout(() => resolve(false), withinMs)
  ask()
  try {
    return await Promise.race([promise, alreadyKnown(netlink, link, neighbour).then(yes => (yes ? true : promise))])
  } finally {
    clearTimeout(timer)
    clearInterval(asking)
    socket.close()
    subscription.drain()
  }
}

async function alreadyKnown(netlink: Netlink, link: Link, neighbour: IpAddress): Promise<boolean> {
  const all = await netlink.neighbours({ index: link.index })
  return all.some(({ address, state }) => address === neighbour && state === 'reachable')
}
