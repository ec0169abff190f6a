import type { OvnRow } from './row.ts'

/**
 * A Meter that drops what is more than `rate` packets a second on one chassis (ovn-nb(5)); for ACLs that log, packets are lines.
 *
 * @param spec.ref UUID of a row by table and key: a Meter has one band at least, from the start
 */
export function meter(spec: {
  key: string
  name: string
  rate: number
  ref: (table: string, key: string) => string
}): OvnRow[] {
  const { key, name, rate, ref } = spec
  return [
    // Each ACL has the rate for itself.
    { table: 'Meter', key, columns: { name, unit: 'pktps', fair: true, bands: [ref('Meter_Band', key)] } },
    {
      table: 'Meter_Band',
      key,
      parent: { table: 'Meter', key, column: 'bands' },
      columns: { action: 'drop', rate },
    },
  ]
}
