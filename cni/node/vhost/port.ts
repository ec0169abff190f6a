import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '@ovnkit/cni-api'
import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import { CniError } from '../server/cni-error.ts'

/** A port whose other end is a program in the pod, over a unix socket (vhost-user), instead of an interface of the kernel. */
export interface VhostPort {
  /** Of port and Interface; in mode server also of the socket that Open vSwitch makes. */
  readonly name: string
  readonly type: 'dpdkvhostuserclient' | 'dpdkvhostuser'
  readonly options: Readonly<Record<string, string>>
  /** The pod's own folder below `dpdk.socketDir`, which it mounts. */
  readonly folder: string
  /** The pod's socket in it, named after the interface that it stands for. */
  readonly socket: string
  /** Where Open vSwitch makes the socket (mode server); the pod's is another name of the same file. */
  readonly made: string | undefined
  readonly mtu: number
  readonly queues: number
}

/** Bytes of a unix socket's path, without the closing zero (unix(7), sun_path). */
const longestPath = 107

/**
 * The port of an interface of a pod. Names are short and of their own for every sandbox; the path has the pod's UID, so no two pods share one and a pod mounts its folder by `subPathExpr`.
 * @throws CniError where `dpdk.socketDir` is too long for a socket's path
 */
export function vhostPort(
  id: { readonly containerId: string; readonly ifName: string; readonly podUid: string },
  { socketDir, socketMode, queues }: Config['dpdk'],
  mtu: number,
): VhostPort {
  const hash = createHash('sha256').update(`${id.containerId}/${id.ifName}`).digest('hex')
  const name = `vhu${hash.slice(0, 12)}`
  const folder = join(socketDir, 'pods', id.podUid)
  const socket = join(folder, id.ifName)
  if (Buffer.byteLength(socket) > longestPath)
    throw new CniError(
      cniErrors.invalidConfig,
      `expected a dpdk.socketDir with which ${socket} has at most ${longestPath} bytes, as a unix socket's path must`,
    )
  const common = { name, folder, socket, mtu, queues }
  return socketMode === 'client'
    ? { ...common, type: 'dpdkvhostuserclient', options: { 'vhost-server-path': socket }, made: undefined }
    : { ...common, type: 'dpdkvhostuser', options: {}, made: join(socketDir, name) }
}
