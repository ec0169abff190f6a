import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LinuxError, NetnsError } from './errors.ts'
import * as libc from './libc.ts'
import { inNetns, type Netns, namespaceOf } from './netns.ts'

const CLONE_NEWNET = 0x40000000
const MS_BIND = 0x1000
const MS_REC = 0x4000
const MS_SHARED = 1 << 20
const MNT_DETACH = 2
const ENOENT = 2
const EEXIST = 17
const EINVAL = 22

/** Where named namespaces live, as `ip netns` has it. */
export const netnsDirectory = '/run/netns'

export const netnsPath = (name: string): string => join(netnsDirectory, name)

/**
 * Makes the named network namespace `name`, compatible with `ip netns`, and returns it open.
 * Throws LinuxError (EEXIST when the name is taken).
 */
export function createNetns(name: string): Netns {
  checkName(name)
  const path = netnsPath(name)
  shareDirectory()
  closeSync(createFile(path))
  try {
    return namespaceOf(bindNewNamespace(path), path)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

/** Removes the name. The namespace itself ends with its last process and socket. False when there was none. */
export function deleteNetns(name: string): boolean {
  checkName(name)
  const path = netnsPath(name)
  const errno = libc.umount2(path, MNT_DETACH) === 0 ? 0 : libc.lastErrno()
  if (errno !== 0 && errno !== EINVAL && errno !== ENOENT)
    throw new LinuxError(`unmount network namespace ${path}`, errno)
  rmSync(path, { force: true })
  return errno === 0
}

function checkName(name: string): void {
  if (/^[\w.-]{1,255}$/.test(name) && name !== '.' && name !== '..') return
  const message = `expected a namespace name of letters, digits, "_", "-" and ".", got ${JSON.stringify(name)}`
  throw new NetnsError('unusable', name, message)
}

function createFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o444)
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw taken ? new LinuxError(`create network namespace ${path}`, EEXIST) : cause
  }
}

/** A shared mount, so that a namespace made or removed here is seen in every mount namespace (ip-netns(8)). */
function shareDirectory(): void {
  mkdirSync(netnsDirectory, { recursive: true, mode: 0o755 })
  if (libc.mount('', netnsDirectory, 'none', MS_SHARED | MS_REC, null) === 0) return
  mountOrThrow(netnsDirectory, netnsDirectory, MS_BIND | MS_REC)
  mountOrThrow('', netnsDirectory, MS_SHARED | MS_REC)
}

function mountOrThrow(source: string, target: string, flags: number): void {
  if (libc.mount(source, target, 'none', flags, null) !== 0) throw new LinuxError(`mount ${target}`, libc.lastErrno())
}

/** A new namespace bound to `path`. The thread leaves its own for the moment, and `inNetns` brings it back. */
function bindNewNamespace(path: string): number {
  using home = namespaceOf(openSync('/proc/thread-self/ns/net', 'r'), 'host')
  return inNetns(home, () => {
    if (libc.unshare(CLONE_NEWNET) !== 0) throw new LinuxError('create a network namespace', libc.lastErrno())
    mountOrThrow('/proc/thread-self/ns/net', path, MS_BIND)
    return openSync(path, 'r')
  })
}
