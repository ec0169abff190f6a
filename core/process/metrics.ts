import { readFileSync } from 'node:fs'
import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry } from 'prom-client'

export type Labels = Readonly<Record<string, string | number>>

export interface MetricSpec {
  /** Without the product's prefix; seconds and bytes as units, `_total` on counters (Prometheus naming). */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

export interface HistogramSpec extends MetricSpec {
  /** Upper bounds in ascending order. */
  readonly buckets: readonly number[]
}

export interface Counter {
  inc(labels?: Labels, by?: number): void
  /** Forget a series, for example of a deleted object. */
  remove(labels: Labels): void
}

export interface Gauge {
  set(value: number, labels?: Labels): void
  add(by: number, labels?: Labels): void
  /** Forget a series, for example of a deleted object. */
  remove(labels: Labels): void
}

export interface Histogram {
  observe(value: number, labels?: Labels): void
}

/** Asking twice for the same name gives the same metric. */
export interface Metrics {
  counter(spec: MetricSpec): Counter
  gauge(spec: MetricSpec): Gauge
  histogram(spec: HistogramSpec): Histogram
  /** Called before each rendering, which waits for it, to read values that are kept elsewhere. */
  collect(fn: () => void | Promise<void>): void
}

export interface RenderedMetrics extends Metrics {
  readonly contentType: string
  render(): Promise<string>
}

/**
 * Prometheus metrics under one prefix, with CPU, memory, start time and open files of the process. The usual default
 * set of the library is not used: its event loop delay sampler wakes an idle process a hundred times a second.
 */
export function createMetrics({ prefix = '' }: { prefix?: string } = {}): RenderedMetrics {
  const registry = new Registry()
  const known = new Map<string, Counter | Gauge | Histogram>()
  const collectors: (() => void | Promise<void>)[] = []
  const once = <M extends Counter | Gauge | Histogram>(spec: MetricSpec, make: (options: PromOptions) => M): M => {
    const existing = known.get(spec.name)
    // The same name always comes with the same kind: a programmer's mistake otherwise, which prom-client reports.
    if (existing !== undefined) return existing as M
    const metric = make({
      name: prefix + spec.name,
      help: spec.help,
      labelNames: [...(spec.labels ?? [])],
      registers: [registry],
    })
    known.set(spec.name, metric)
    return metric
  }
  const metrics: RenderedMetrics = {
    contentType: registry.contentType,
    counter: spec => once(spec, options => counterOf(new PromCounter(options))),
    gauge: spec => once(spec, options => gaugeOf(new PromGauge(options))),
    histogram: spec =>
      once(spec, options => histogramOf(new PromHistogram({ ...options, buckets: [...spec.buckets] }))),
    collect: fn => {
      collectors.push(fn)
    },
    render: async () => {
      await Promise.all(collectors.map(collector => collector()))
      return registry.metrics()
    },
  }
  addProcessMetrics(registry)
  return metrics
}

interface PromOptions {
  name: string
  help: string
  labelNames: string[]
  registers: Registry[]
}

function counterOf(inner: PromCounter): Counter {
  return { inc: (labels = {}, by = 1) => inner.inc(labels, by), remove: labels => inner.remove(labels) }
}

function gaugeOf(inner: PromGauge): Gauge {
  return {
    set: (value, labels = {}) => inner.set(labels, value),
    add: (by, labels = {}) => inner.inc(labels, by),
    remove: labels => inner.remove(labels),
  }
}

function histogramOf(inner: PromHistogram): Histogram {
  return { observe: (value, labels = {}) => inner.observe(labels, value) }
}

/** The standard process_* names of the Prometheus client libraries' guide. */
function addProcessMetrics(registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new PromGauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  const started = Date.now() / 1000 - process.uptime()
  gauge('process_start_time_seconds', 'Start of the process since the epoch.', () => started)
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('nodejs_heap_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed)
  gauge('process_threads', 'Threads of the process.', threads)
  new PromCounter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
}

function threads(): number {
  const line = /^Threads:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(line?.[1] ?? 0)
}

const nothing = () => {}

/** Counts nothing. */
export const noMetrics: Metrics = {
  counter: () => ({ inc: nothing, remove: nothing }),
  gauge: () => ({ set: nothing, add: nothing, remove: nothing }),
  histogram: () => ({ observe: nothing }),
  collect: nothing,
}
