import { closeSync, openSync, writeSync } from 'node:fs'
import { LinuxError, NetnsError } from './errors.ts'
import * as libc from './libc.ts'

const CLONE_NEWNET = 0x40000000
const NS_GET_NSTYPE = 0xb703 // ioctl_ns(2)

/** An open network namespace. It exists as long as this is open, even when its path is gone. */
export interface Netns extends Disposable {
  readonly fd: number
  /** The path it was opened by, for messages. */
  readonly path: string
}

/** A namespace by its path, an open one, or `host`: the one this process runs in. */
export type NetnsRef = Netns | string

/**
 * Opens a network namespace by path (`/var/run/netns/x`, `/proc/PID/ns/net`).
 * Throws NetnsError: `missing` when nothing is there, `not-a-netns` for a file that is something else (such as the empty file
 * that remains when a named namespace was unmounted but not removed).
 */
export function openNetns(path: string): Netns {
  const fd = openPath(path)
  if (libc.ioctl(fd, NS_GET_NSTYPE, null) === CLONE_NEWNET) return namespaceOf(fd, path)
  closeSync(fd)
  throw new NetnsError(
    'not-a-netns',
    path,
    `expected a network namespace at ${path}, found another kind of file; if it is an empty file, its namespace is gone and the file can be removed`,
  )
}

/** Takes over the open file `fd` of a namespace. */
export function namespaceOf(fd: number, path: string): Netns {
  let open = true
  return {
    get fd() {
      if (!open) throw new NetnsError('unusable', path, `network namespace ${path} was used after it was closed`)
      return fd
    },
    path,
    [Symbol.dispose]() {
      if (open) closeSync(fd)
      open = false
    },
  }
}

function openPath(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESRCH')
      throw new NetnsError('missing', path, `network namespace ${path} does not exist (any more)`, { cause })
    if (code === 'EACCES' || code === 'EPERM')
      throw new NetnsError('not-permitted', path, `not permitted to open network namespace ${path}`, { cause })
    throw new NetnsError('unusable', path, `can't open network namespace ${path}: ${code}`, { cause })
  }
}

/** The calls that `inNetns` makes, replaceable to show what happens when they fail. */
export interface NamespaceCalls {
  setns(fd: number, nstype: number): number
  errno(): number
  die(message: string): never
}

const realCalls: NamespaceCalls = {
  setns: libc.setns,
  errno: libc.lastErrno,
  die(message) {
    writeSync(2, `${message}\n`)
    process.abort()
  },
}

let own: number | undefined

/** The namespace this thread was in when it first asked. */
function ownNetns(): number {
  own ??= openSync('/proc/thread-self/ns/net', 'r')
  return own
}

/**
 * Runs `work` inside a network namespace and comes back, about 10 us in all. `work` must be synchronous: between its start
 * and its end no other code of the thread may run, since all of it would act in the wrong namespace. If the way back fails,
 * the process dies at once: whatever it did next would hit somebody's pod.
 */
export function inNetns<T>(netns: NetnsRef, work: () => T, calls: NamespaceCalls = realCalls): T {
  if (netns === 'host') return synchronous(work)
  if (typeof netns !== 'string') return inside(netns, work, calls)
  using opened = openNetns(netns)
  return inside(opened, work, calls)
}

function inside<T>(netns: Netns, work: () => T, calls: NamespaceCalls): T {
  const home = ownNetns()
  if (calls.setns(netns.fd, CLONE_NEWNET) !== 0) {
    const cause = new LinuxError(`enter network namespace ${netns.path}`, calls.errno())
    throw new NetnsError(cause.code === 'EPERM' ? 'not-permitted' : 'unusable', netns.path, cause.message, { cause })
  }
  try {
    return synchronous(work)
  } finally {
    if (calls.setns(home, CLONE_NEWNET) !== 0)
      calls.die(`can't return from network namespace ${netns.path} (errno ${calls.errno()}); stopping at once`)
  }
}

function synchronous<T>(work: () => T): T {
  const result = work()
  if (result instanceof Promise)
    throw new TypeError('work inside a network namespace must be synchronous, it returned a promise')
  return result
}
