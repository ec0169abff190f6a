import koffi from 'koffi'

/**
 * The few libc calls that Node lacks. All are called synchronously on the calling thread, which is what makes
 * `setns` usable at all: a network namespace belongs to a thread, not to a process (setns(2)).
 *
 * The symbols are taken from the running process, so glibc and musl both work.
 */
const libc = koffi.load(null)

type Call<A extends unknown[]> = (...args: A) => number

/** socket(2) */
export const socket: Call<[domain: number, type: number, protocol: number]> = libc.func('int socket(int, int, int)')
/** bind(2); `address` is the raw sockaddr. */
export const bind: Call<[fd: number, address: Uint8Array, length: number]> = libc.func(
  'int bind(int, void *, uint32_t)',
)
/** recvfrom(2); `address` is overwritten with the sender, `addressLength` is one int32. */
export const recvfrom: Call<
  [fd: number, buffer: Uint8Array, size: number, flags: number, address: Uint8Array, addressLength: Uint8Array]
> = libc.func('intptr_t recvfrom(int, void *, size_t, int, void *, void *)')
/** setsockopt(2) with an int value: `value` is its four bytes. */
export const setsockopt: Call<[fd: number, level: number, name: number, value: Uint8Array, length: number]> = libc.func(
  'int setsockopt(int, int, int, void *, uint32_t)',
)
/** setns(2) */
export const setns: Call<[fd: number, nstype: number]> = libc.func('int setns(int, int)')
/** unshare(2) */
export const unshare: Call<[flags: number]> = libc.func('int unshare(int)')
/** mount(2) */
export const mount: Call<[source: string, target: string, type: string, flags: number, data: null]> = libc.func(
  'int mount(str, str, str, unsigned long, void *)',
)
/** umount2(2) */
export const umount2: Call<[target: string, flags: number]> = libc.func('int umount2(str, int)')
/** memfd_create(2) */
export const memfdCreate: Call<[name: string, flags: number]> = libc.func('int memfd_create(str, unsigned int)')
/** ioctl(2) with a buffer as argument (or none). */
export const ioctl: Call<[fd: number, request: number, argument: Uint8Array | null]> = libc.func(
  'int ioctl(int, unsigned long, void *)',
)

/** errno of the last call of this thread. Read it before anything else is called. */
export const lastErrno = (): number => koffi.errno()

/** Memory address of a buffer, for structures that hold a pointer. The caller keeps the buffer alive meanwhile. */
export const addressOf = (buffer: Uint8Array): bigint => koffi.address(buffer)

export interface Poll extends Disposable {
  /** Whether the watch keeps the process running. */
  ref(): void
  unref(): void
}

/** Calls `readable` from the event loop whenever `fd` has something to read (uv_poll, level-triggered). */
export function pollReadable(fd: number, readable: () => void): Poll {
  const handle = koffi.node.poll(fd, { readable: true }, () => readable())
  return {
    ref: () => handle.ref(),
    unref: () => handle.unref(),
    [Symbol.dispose]: () => handle.close(),
  }
}
