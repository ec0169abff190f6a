import { ConfigError } from './config-error.ts'
import { createLogger, type Logger } from './logger.ts'

export interface MainContext {
  /** Aborts on SIGTERM and SIGINT: stop taking work, finish what has begun, return. */
  readonly signal: AbortSignal
  /** Usable before the configuration is known; `useLogger` replaces it. */
  readonly logger: Logger
  /** From now on, what ends the process is said with this logger. */
  useLogger(logger: Logger): void
}

const DRAIN_MS = 10_000

/**
 * Run a program. The first SIGTERM or SIGINT aborts `signal`, a second one ends the process at once. What `main` throws,
 * and unhandled errors anywhere, end it with status 1 and say why; problems of the configuration are listed without
 * a stack. After `main` has returned, whatever still holds the process is named and left behind after 10 s.
 */
export async function runMain(name: string, main: (context: MainContext) => Promise<void>): Promise<void> {
  let logger = createLogger({ name })
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    logger.info({ signal }, 'stopping')
    stop.abort(new Error(`stopped by ${signal}`))
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  process.on('uncaughtException', error => die(logger, error))
  const useLogger = (next: Logger) => {
    logger = next
  }
  try {
    await main({ signal: stop.signal, logger, useLogger })
  } catch (error) {
    if (!(stop.signal.aborted && error === stop.signal.reason)) die(logger, error)
  }
  leave(logger)
}

function die(logger: Logger, error: unknown): never {
  if (error instanceof ConfigError) {
    for (const { key, source, message } of error.problems) logger.fatal({ key, source }, message)
  } else logger.fatal({ err: error }, 'an unexpected error ended the process')
  process.exit(1)
}

function leave(logger: Logger): void {
  const timer = setTimeout(() => {
    logger.warn({ held: [...new Set(process.getActiveResourcesInfo())] }, 'something still held the process; leaving')
    process.exit(0)
  }, DRAIN_MS)
  timer.unref()
}
