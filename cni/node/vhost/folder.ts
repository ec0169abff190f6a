import { chmodSync, existsSync, linkSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatPodNetworks } from '@ovnkit/cni-api'
import { writeAtomically } from '../files/atomic.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { tryAgain } from '../server/cni-error.ts'
import type { VhostPort } from './port.ts'

/**
 * The pod's folder with `network.json`: all that a program needs beside the socket, as there is no interface to read it from (`networks` is as in annotation `k8s.ovn.org/pod-networks`). The folder of all pods can be entered, not listed.
 */
export function makeFolder({ network, ifName }: Sandbox, vhost: VhostPort): void {
  mkdirSync(dirname(vhost.folder), { recursive: true })
  chmodSync(dirname(vhost.folder), 0o711)
  mkdirSync(vhost.folder, { recursive: true })
  const { mtu, queues, type, socket } = vhost
  const own = { socket: socket.slice(vhost.folder.length + 1), mode: serverSide[type], mtu, queues }
  const text = JSON.stringify({ interface: ifName, ...own, networks: JSON.parse(formatPodNetworks(network)) }, null, 2)
  writeAtomically(`${vhost.folder}/network.json`, `${text}\n`, 0o644)
}

/** Which side makes the socket. */
const serverSide = { dpdkvhostuserclient: 'server', dpdkvhostuser: 'client' } as const

/**
 * Gives the socket that Open vSwitch made the pod's name for it, a hard link: a pod must not see the folder with everybody's sockets and the switch's own database.
 * @throws CniError 11 while there is no such socket
 */
export function linkSocket(made: string, socket: string): void {
  if (!existsSync(made))
    throw tryAgain(
      `Open vSwitch has not made ${made}`,
      'dpdk.socketDir must be the folder in which it makes sockets (its run folder, or other_config:vhost-sock-dir)',
    )
  rmSync(socket, { force: true })
  linkSync(made, socket)
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
