import pino from 'pino'
import { textLine } from './log-text.ts'

/** Names of levels, most talkative first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof logLevels)[number]

interface LogMethod {
  (fields: object, message: string): void
  (message: string): void
}

/** What every room logs with: fields first, then one plain sentence. `{ err }` prints an error with its causes. */
export interface Logger extends Record<LogLevel, LogMethod> {
  /** A logger that adds `bindings` to every line. The level is shared: changing it on one changes it on all. */
  child(bindings: object): Logger
  level: string
}

export interface LoggerOptions {
  readonly name: string
  readonly level?: LogLevel
  readonly format?: 'json' | 'text'
  /** Append to this file (its folder is made) instead of writing to standard output. */
  readonly file?: string
}

const RANK: Readonly<Record<string, number>> = pino.levels.values

/** Lines are written at once: a process that dies has said everything it had to say. */
export function createLogger({ name, level = 'info', format = 'json', file }: LoggerOptions): Logger {
  const sink = pino.destination({ dest: file ?? 1, sync: true, mkdir: file !== undefined })
  const stream = format === 'json' ? sink : { write: (line: string) => sink.write(textLine(line)) }
  const root = pino(
    {
      base: { name },
      level: 'trace',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: pino.stdSerializers.errWithCause },
    },
    stream,
  )
  return wrap(root, { level, rank: rankOf(level) })
}

interface Threshold {
  level: string
  rank: number
}

/** pino copies the level into each child when it is made; one shared threshold makes a change at run time reach all. */
function wrap(inner: pino.Logger, threshold: Threshold): Logger {
  const method = (name: LogLevel): LogMethod => {
    const rank = rankOf(name)
    return (first: object | string, message?: string) => {
      if (rank < threshold.rank) return
      if (typeof first === 'string') inner[name](first)
      else inner[name](first, message)
    }
  }
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    child: bindings => wrap(inner.child(bindings), threshold),
    get level() {
      return threshold.level
    },
    set level(level) {
      threshold.rank = rankOf(level)
      threshold.level = level
    },
  }
}

function rankOf(level: string): number {
  const rank = RANK[level]
  if (rank === undefined) throw new RangeError(`expected a log level of ${logLevels.join(', ')}, got "${level}"`)
  return rank
}

const nothing = () => {}

/** Says nothing. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
  level: 'fatal',
}
