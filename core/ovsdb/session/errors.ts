import type { Json } from '../wire/json.ts'

export { EncodeError } from '../wire/errors.ts'

/**
 * The server refused a request. `code` is its error tag, e.g. `constraint violation`, `unknown database`, `canceled`; servers
 * send it bare or in an object with more (RFC 7047 section 3.1).
 */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly method: string
  readonly code: string
  readonly details: string | undefined
  /** The part of the request that was not understood. */
  readonly syntax: string | undefined
  readonly ioError: string | undefined

  constructor(method: string, error: Json) {
    const members = errorMembers(error)
    super([method, members.code, members.details, members.syntax].filter(part => part !== undefined).join(': '))
    this.method = method
    this.code = members.code
    this.details = members.details
    this.syntax = members.syntax
    this.ioError = members.ioError
  }
}

/** The connection was lost, or there was none. `sent` = the request may have been carried out: the outcome is unknown. */
export class DisconnectedError extends Error {
  override readonly name = 'DisconnectedError'
  readonly code = 'disconnected'
  readonly sent: boolean

  constructor(method: string, sent: boolean, cause?: Error) {
    super(`${method}: ${sent ? 'connection lost before the reply came' : 'not connected'}`, { cause })
    this.sent = sent
  }
}

/** No reply within the deadline. `sent` = the request left, and may still be carried out. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  readonly code = 'timeout'
  readonly sent: boolean

  constructor(method: string, milliseconds: number, sent: boolean) {
    super(`${method}: no reply within ${milliseconds} ms${sent ? '' : ' (the request was still waiting to be sent)'}`)
    this.sent = sent
  }
}

interface ErrorMembers {
  readonly code: string
  readonly details: string | undefined
  readonly syntax: string | undefined
  readonly ioError: string | undefined
}

function errorMembers(error: Json): ErrorMembers {
  if (typeof error === 'string' || error === null || typeof error !== 'object' || Array.isArray(error))
    return { code: String(error), details: undefined, syntax: undefined, ioError: undefined }
  const member = (name: string): string | undefined => {
    const value: unknown = Reflect.get(error, name)
    return typeof value === 'string' ? value : undefined
  }
  return {
    code: member('error') ?? JSON.stringify(error),
    details: member('details'),
    syntax: member('syntax'),
    ioError: member('io-error'),
  }
}
