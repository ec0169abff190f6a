export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** Absent means TCP (core/v1). A protocol that is none of these has no ports that anybody could balance. */
export function protocolOf(text: string | undefined): Protocol | undefined {
  if (text === undefined || text === '' || text === 'TCP') return 'TCP'
  return text === 'UDP' || text === 'SCTP' ? text : undefined
}
