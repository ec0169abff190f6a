import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** One process for ever: pids are used again, a pid with its start time (clock ticks since boot, proc(5) field 22) is not. */
export const processIdentity = z.object({ pid: z.number().int(), startTime: z.string(), bootId: z.string() })
export type ProcessIdentity = z.infer<typeof processIdentity>

const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** The start time of a process, or undefined when there is none (a zombie counts as none). */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything, so the fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Who a running process is. Throws when it is gone already. */
export function identify(pid: number): ProcessIdentity {
  const startTime = startTimeOf(pid)
  if (startTime === undefined) throw new Error(`process ${pid} is not running`)
  return { pid, startTime, bootId }
}

export const isAlive = (who: ProcessIdentity) => who.bootId === bootId && startTimeOf(who.pid) === who.startTime

/** Sends a signal to exactly this process; false when it is gone. */
export function signal(who: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(who)) return false
  try {
    return process.kill(who.pid, name)
  } catch {
    return false
  }
}

/** The pids whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
