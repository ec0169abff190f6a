/** `service.sessionAffinity`. */
export type AffinityChoice = 'auto' | 'timeout' | 'hash'

/** What the API server writes where nobody names a timeout (core/v1, ClientIPConfig). */
const defaultSeconds = 10_800

/**
 * Whether a Service's affinity is OVN's own, which ends with a timeout. That drops the packet it learns a client's endpoint from and, as connection tracking translates them already, each
 * of its repetitions (seen with 23.03; ovn-northd(8) of later ones has the same flow): a client's first connection is lost, a UDP client that keeps its port never gets through. So only
 * a timeout that somebody asked for is worth it.
 */
export function keepsTime(seconds: number, choice: AffinityChoice): boolean {
  return choice === 'auto' ? seconds !== defaultSeconds : choice === 'timeout'
}
