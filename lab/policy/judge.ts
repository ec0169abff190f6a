import type { Answer } from './peers.ts'
import type { Probe } from './probe.ts'

/** What differs from the documents; undefined: nothing. Silence is an answer that did not come. */
export function wrongIn({ verdict, to, source }: Probe, answer: Answer | undefined): string | undefined {
  if (verdict.allowed === 'unspecified') return undefined
  if (answer === undefined) return verdict.allowed ? 'no answer' : undefined
  if (answer.outcome !== 'answer') return answer.outcome
  if (!verdict.allowed) return 'answered'
  if (answer.by !== to) return `answered by ${answer.by}`
  return source === undefined || answer.seen === source ? undefined : `seen from ${answer.seen}`
}

/** A line for people: `w/a -> x/b (10.244.0.5) TCP 8080: answered; expected silence (...)`. */
export function describe({ from, to, address, protocol, port, service, verdict }: Probe, wrong: string): string {
  const target = `${to} (${service ? 'Service ' : ''}${address})`
  const expected = verdict.allowed ? 'an answer' : 'silence'
  return `${from} -> ${target} ${protocol} ${port}: ${wrong}; expected ${expected}: ${verdict.because}`
}
