import { readFileSync, writeFileSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { LinuxError } from './errors.ts'
import { inNetns, type NetnsRef } from './netns.ts'

/**
 * Kernel settings by their path below /proc/sys, such as `net/ipv4/conf/eth0/rp_filter`. Slashes, not dots: interface names may
 * hold dots. What lies below `net/` belongs to a network namespace: /proc shows that of the thread that opens the file.
 */
export type SysctlPath = string

/** The value without its line end. Throws LinuxError (ENOENT when the kernel or the interface does not have it). */
export function readSysctl(path: SysctlPath, netns: NetnsRef = 'host'): string {
  const file = fileOf(path)
  return failing(`read sysctl ${path}`, () => inNetns(netns, () => readFileSync(file, 'utf8')).trimEnd())
}

/** Writes a value; numbers in decimal. */
export function writeSysctl(path: SysctlPath, value: string | number, netns: NetnsRef = 'host'): void {
  const file = fileOf(path)
  failing(`set sysctl ${path} to ${value}`, () =>
    inNetns(netns, () => writeFileSync(file, `${value}\n`, { flag: 'r+' })),
  )
}

/** Writes unless the value is there already, which also works where /proc/sys is read-only. True when it wrote. */
export function ensureSysctl(path: SysctlPath, value: string | number, netns: NetnsRef = 'host'): boolean {
  if (readSysctl(path, netns) === String(value)) return false
  writeSysctl(path, value, netns)
  return true
}

function fileOf(path: SysctlPath): string {
  const parts = path.split('/')
  if (parts.length < 2 || parts.some(part => part === '' || part === '.' || part === '..'))
    throw new TypeError(`expected a path below /proc/sys such as net/ipv4/ip_forward, got ${JSON.stringify(path)}`)
  return `/proc/sys/${path}`
}

function failing<T>(attempted: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const code = error instanceof Error && 'syscall' in error && 'errno' in error ? error.errno : undefined
    if (typeof code === 'number' && getSystemErrorMap().has(code)) throw new LinuxError(attempted, -code)
    throw error
  }
}
