import { readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** CPU seconds (user and system) that a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** CPU seconds that all processes of the machine have used, the kernel's own included. */
export function machineCpuSeconds(): number {
  const [user, nice, system, , , irq, softirq] = (readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) / ticksPerSecond
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS')
}

/** The most that ever was resident, in MiB. */
export function peakMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM')
}

function statusMiB(pid: number, field: string): number {
  const [, kib] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Math.round(Number(kib) / 1024)
}
