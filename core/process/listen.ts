/** Where a server listens. An absent host means every address of both families. */
export interface ListenAddress {
  readonly host?: string
  readonly port: number
}

/**
 * Parse `:8080`, `127.0.0.1:8080` or `[::1]:8080`; port 0 lets the system choose.
 * @throws RangeError
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new RangeError(`expected a listen address like :8080, 127.0.0.1:8080 or [::1]:8080, got "${text}"`)
  }
  const host = match[1] ?? match[2]
  return host === undefined || host === '' ? { port } : { host, port }
}
