export { type AdminOptions, type AdminServer, type Check, startAdminServer } from './admin.ts'
export { Alarm } from './alarm.ts'
export { coalesced } from './coalesced.ts'
export { type ConfigDefinition, type ConfigRule, type ConfigSources, defineConfig, loadConfig } from './config.ts'
export { ConfigError, type ConfigProblem } from './config-error.ts'
export { type Flag, type FlagValues, type Invocation, type Program, parseFlags, readFlags } from './flags.ts'
export { type ListenAddress, parseListenAddress } from './listen.ts'
export { createLogger, type Logger, type LoggerOptions, type LogLevel, logLevels, silentLogger } from './logger.ts'
export { type MainContext, runMain } from './main.ts'
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type HistogramSpec,
  type Labels,
  type MetricSpec,
  type Metrics,
  noMetrics,
  type RenderedMetrics,
} from './metrics.ts'
export { editDistance, suggest } from './suggest.ts'
