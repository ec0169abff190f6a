import { getSystemErrorMap } from 'node:util'

const names = getSystemErrorMap()

// Errnos of the kernel that libuv has no name for, or another one than errno(3).
const ownNames: Record<number, string> = { 61: 'ENODATA', 62: 'ETIME', 93: 'EPROTONOSUPPORT', 95: 'EOPNOTSUPP' }

/** `EEXIST` for 17; `E<number>` for an errno without a known name. */
export function errnoName(errno: number): string {
  return ownNames[errno] ?? names.get(-errno)?.[0] ?? `E${errno}`
}

function errnoText(errno: number): string {
  return names.get(-errno)?.[1] ?? `errno ${errno}`
}

/**
 * A kernel call that failed.
 * `code` is the errno's name (`EEXIST`), `attempted` what we wanted, `detail` the kernel's own explanation where it gave one
 * (NLMSGERR_ATTR_MSG, netlink(7)).
 */
export class LinuxError extends Error {
  override readonly name = 'LinuxError'
  readonly code: string
  readonly errno: number
  readonly attempted: string
  readonly detail: string | undefined

  constructor(attempted: string, errno: number, detail?: string) {
    const code = errnoName(errno)
    super(`${attempted}: ${code} (${errnoText(errno)})${detail ? `: ${detail}` : ''}`)
    this.code = code
    this.errno = errno
    this.attempted = attempted
    this.detail = detail
  }
}

/** Whether `error` is a kernel error with one of these names. */
export function hasCode(error: unknown, ...codes: string[]): error is LinuxError {
  return error instanceof LinuxError && codes.includes(error.code)
}

/** What is wrong with a network namespace's path. */
export type NetnsProblem = 'missing' | 'not-a-netns' | 'not-permitted' | 'unusable'

/** A network namespace that can't be entered or made. `missing` is the ordinary one: the pod is gone. */
export class NetnsError extends Error {
  override readonly name = 'NetnsError'
  readonly code: NetnsProblem
  readonly path: string

  constructor(code: NetnsProblem, path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.path = path
  }
}
