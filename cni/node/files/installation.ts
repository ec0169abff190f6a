import type { Logger } from '@ovnkit/process'

export interface InstallationOptions {
  /** Puts the files in place; throws where that fails, and can be called again. */
  readonly install: () => void
  /** Pods can be served. */
  readonly possible: () => boolean
  readonly logger: Logger
  /** Milliseconds to the second try; doubled with each further one, up to a minute. */
  readonly firstPause?: number
}

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

/** The files that make the node Ready: put in place once, as soon as pods can be served. A full disk or a read-only folder is waited out. */
export class Installation implements Disposable {
  readonly #options: InstallationOptions
  #state: 'waiting' | 'failed' | 'done' = 'waiting'
  #problem: string | undefined
  #pause: number
  #timer: NodeJS.Timeout | undefined

  constructor(options: InstallationOptions) {
    this.#options = options
    this.#pause = options.firstPause ?? FIRST_PAUSE_MS
  }

  /** Why the files are not in place although pods could be served. */
  get problem(): string | undefined {
    return this.#problem
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Looks whether it is time. Nothing happens when it was done before, or failed and is to be tried again. */
  attempt(): void {
    if (this.#state === 'waiting' && this.#options.possible()) this.#try()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #try(): void {
    const { install, logger } = this.#options
    try {
      install()
      this.#state = 'done'
      this.#problem = undefined
    } catch (err) {
      this.#state = 'failed'
      this.#problem = `plugin and network configuration: ${err instanceof Error ? err.message : String(err)}`
      logger.error({ err, milliseconds: this.#pause }, 'could not put plugin and network configuration in place')
      this.#timer = setTimeout(() => this.#try(), this.#pause).unref()
      this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2)
    }
  }
}
