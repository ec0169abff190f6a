import type { Metrics } from '@ovnkit/process'
import type { PolicyCounters } from './counters.ts'
import { type Hits, type Series, seriesKey } from './hits.ts'

/** Series of a node that name a policy; what further ones count is one series of each direction and verdict. */
const mostSeries = 2000
/** Milliseconds without a flow after which a policy's series end: pods that come back within them go on. */
const forgetAfter = 3_600_000

/** The series of `others` have no name of a policy. */
const others = 'others'

/** Shows the packets of policies on this node. Everything happens when somebody asks. */
export function observePolicies(metrics: Metrics, counters: PolicyCounters, now: () => number): void {
  const labels = ['kind', 'namespace', 'policy', 'direction', 'verdict']
  const spec = (unit: string, what: string) => ({
    name: `network_policy_${unit}_total`,
    help: `${what} on this node that a rule of the policy decided about; answers within a connection are not asked about.`,
    labels,
  })
  const packets = metrics.counter(spec('packets', 'Packets'))
  const bytes = metrics.counter(spec('bytes', 'Bytes'))
  const unattributed = metrics.gauge({
    name: 'network_policy_unattributed_flows',
    help: 'Flows of policies with packets, of which it is not known yet whose they are; they are counted then.',
  })
  const shown = new ShownSeries(now)
  metrics.collect(async () => {
    for (const hits of await counters.take()) {
      const own = labelsOf(shown.see(hits))
      packets.inc(own, hits.packets)
      bytes.inc(own, hits.bytes)
    }
    for (const series of shown.forget()) for (const metric of [packets, bytes]) metric.remove(labelsOf(series))
    unattributed.set(counters.unattributed)
  })
}

/** Which series there are, and when each was last seen. */
class ShownSeries {
  readonly #now: () => number
  readonly #seen = new Map<string, { readonly series: Series; readonly at: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** @returns the series that these are to be counted in */
  see(hits: Hits): Series {
    const own: Series = { policy: hits.policy, direction: hits.direction, verdict: hits.verdict }
    const series = this.#seen.has(seriesKey(own)) || this.#seen.size < mostSeries ? own : { ...own, policy: others }
    this.#seen.set(seriesKey(series), { series, at: this.#now() })
    return series
  }

  forget(): Series[] {
    const gone = [...this.#seen].filter(([, { at }]) => this.#now() - at > forgetAfter)
    for (const [key] of gone) this.#seen.delete(key)
    return gone.map(([, { series }]) => series)
  }
}

/** `Kind/namespace/name`, `Kind/name` for policies of the whole cluster. */
function labelsOf({ policy: key, direction, verdict }: Series): Record<string, string> {
  const [kind = '', ...rest] = key === others ? ['', others] : key.split('/')
  const [namespace = '', policy = ''] = rest.length > 1 ? rest : ['', ...rest]
  return { kind, namespace, policy, direction, verdict }
}
