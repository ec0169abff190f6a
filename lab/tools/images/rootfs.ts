import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../../state/run.ts'
import { onPath } from '../find.ts'

/** Copies a program of this machine with every library it loads, at the same paths. */
export async function copyProgram(root: string, program: string): Promise<void> {
  const path = onPath(program)
  if (path === undefined)
    throw new Error(`${program} is not on this machine, and the image needs it: apt-get install ${packageOf(program)}`)
  copyInto(root, path, `/usr/bin/${program}`)
  const libraries = await run(['ldd', path])
  for (const [, library = ''] of libraries.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) copyInto(root, library, library)
}

const packages: Readonly<Record<string, string>> = {
  dig: 'bind9-dnsutils',
  busybox: 'busybox-static',
  nc: 'netcat-openbsd',
  ip: 'iproute2',
  ss: 'iproute2',
  getent: 'libc-bin',
}
const packageOf = (program: string) => packages[program] ?? program

export function copyInto(root: string, from: string, to: string): void {
  const target = join(root, to)
  if (existsSync(target)) return
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(realpathSync(from), target)
}

/** A busybox with a link for each of its applets: shell, ip, ping, nc, wget and the rest. */
export async function installBusybox(root: string): Promise<void> {
  const path = onPath('busybox')
  if (path === undefined)
    throw new Error('busybox is not on this machine, and the images need it: apt-get install busybox-static')
  copyInto(root, path, '/bin/busybox')
  const applets = await run([path, '--list'])
  for (const applet of applets.trim().split('\n')) {
    const link = join(root, 'bin', applet)
    if (!existsSync(link)) symlinkSync('busybox', link)
  }
}

/** Makes bash the root's `sh`. */
export async function useBash(root: string): Promise<void> {
  await copyProgram(root, 'bash')
  rmSync(join(root, 'bin/sh'), { force: true })
  symlinkSync('/usr/bin/bash', join(root, 'bin/sh'))
}

/** The files and folders that programs expect of any root. */
export function skeleton(root: string): void {
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'usr/bin', 'var/run'])
    mkdirSync(join(root, folder), { recursive: true })
}
