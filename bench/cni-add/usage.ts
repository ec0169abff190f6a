import { readdirSync, readFileSync } from 'node:fs'

/** CPU time of a process in milliseconds, of all threads that live (proc(5), /proc/pid/schedstat). */
export function cpuMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = tasks.map(task =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kib) / 1024)
}

/** Adds up the CPU time of some processes over stretches of work. */
export class CpuMeter {
  readonly #pids: Readonly<Record<string, number>>
  readonly #sums = new Map<string, number>()
  #works = 0

  constructor(pids: Readonly<Record<string, number>>) {
    this.#pids = pids
  }

  /** @param count number of things that the work does */
  async during<T>(count: number, work: () => Promise<T>): Promise<T> {
    const before = new Map(Object.entries(this.#pids).map(([name, pid]) => [name, cpuMs(pid)]))
    const result = await work()
    this.#works += count
    for (const [name, pid] of Object.entries(this.#pids)) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + cpuMs(pid) - (before.get(name) ?? 0))
    }
    return result
  }

  /** Milliseconds of CPU time for one thing. */
  each(): Record<string, number> {
    return Object.fromEntries([...this.#sums].map(([name, ms]) => [name, Math.round((ms / this.#works) * 10) / 10]))
  }
}
