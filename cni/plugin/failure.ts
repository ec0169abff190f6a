import type { CniFailure } from '@ovnkit/cni-api/agent-socket'

/** What goes to standard output instead of a result. */
export class PluginError extends Error {
  readonly code: number
  readonly details: string | undefined
  constructor(code: number, message: string, details?: string) {
    super(message)
    this.code = code
    this.details = details
  }

  get failure(): CniFailure {
    const { code, message: msg, details } = this
    return details === undefined ? { code, msg } : { code, msg, details }
  }
}
