/** What was wrong with a text or an operand; stable, for callers that branch on it. */
export type InetErrorCode = 'syntax' | 'family' | 'prefix' | 'host-bits' | 'reversed' | 'outside'

/** A malformed or unsuitable address, network, range or MAC. The message says what was expected and what came. */
export class InetError extends Error {
  readonly code: InetErrorCode
  constructor(code: InetErrorCode, message: string) {
    super(message)
    this.name = 'InetError'
    this.code = code
  }
}
