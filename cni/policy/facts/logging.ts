import { type LogSeverity, logSeverities } from '@ovnkit/ovn'
import type { Action } from '../rule.ts'

/** How loud decisions are told; nothing: not at all. */
export type PolicyLogging = Readonly<Partial<Record<Action, LogSeverity>>>

/**
 * Reads `{"allow": "info", "deny": "warning"}` of an annotation; an empty severity is none.
 * @returns what can be carried out of it, and what cannot, a sentence each
 */
export function parseLogging(text: string): { readonly logging: PolicyLogging; readonly problems: readonly string[] } {
  const written = objectOf(text)
  if (written === undefined) return { logging: {}, problems: [`expected JSON like {"deny": "info"}, got ${text}`] }
  const problems: string[] = []
  const logging: Partial<Record<Action, LogSeverity>> = {}
  for (const [action, severity] of Object.entries(written)) {
    if (severity === '') continue
    const known = logSeverities.find(one => one === severity)
    if (!isAction(action)) problems.push(`expected allow, deny or pass, got "${action}"`)
    else if (known === undefined) problems.push(`expected ${logSeverities.join(', ')} for ${action}, got "${severity}"`)
    else logging[action] = known
  }
  return { logging, problems }
}

const isAction = (text: string): text is Action => text === 'allow' || text === 'deny' || text === 'pass'

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
