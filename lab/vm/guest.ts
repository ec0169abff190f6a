import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readIfThere } from '../state/files.ts'
import type { Progress } from '../state/progress.ts'
import { waitFor } from '../state/wait.ts'
import { onPath } from '../tools/find.ts'
import { makeInitramfs } from './initramfs.ts'
import { ensureKernel, type Kernel } from './kernel.ts'

export interface GuestOptions {
  /** Words of the command; it runs as root in `cwd`, sees the host's files read-only, and has no network but its own. */
  readonly command: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** MiB. */
  readonly memory?: number
  /** Milliseconds until the guest is ended. */
  readonly within: number
  readonly progress: Progress
}

/** QEMU's own file server of bookworm, or the separate package of later releases. */
const fileServers = ['/usr/lib/qemu/virtiofsd', '/usr/libexec/virtiofsd']

/**
 * Runs one command in a virtual machine that is made for it: another kernel than the host's, by software alone (no KVM). What the guest writes stays in its
 * memory and is gone with it. Its console is our standard output.
 * @returns the command's exit code
 * @throws Error when the guest ended without telling one
 */
export async function runInGuest(options: GuestOptions): Promise<number> {
  const programs = requirePrograms()
  const kernel = await ensureKernel(options.progress)
  const job = mkdtempSync(join(tmpdir(), 'ovnkit-vm-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(job, { recursive: true, force: true }))
  const initramfs = await makeInitramfs(kernel, job)
  writeJob(job, kernel, options)
  stack.use(await shareRoot(job, programs.virtiofsd))
  await runMachine(machineArguments(job, kernel, initramfs, options.memory ?? 8192), programs.qemu, options.within)
  const code = /exit (\d+)/.exec(readIfThere(join(job, 'exit')))?.[1]
  if (code === undefined) throw new Error('the guest ended without an exit code: its console above says why')
  return Number(code)
}

function requirePrograms(): { qemu: string; virtiofsd: string } {
  const qemu = onPath('qemu-system-x86_64')
  const virtiofsd = fileServers.find(path => existsSync(path))
  const missing = [
    ...(qemu === undefined || virtiofsd === undefined ? ['qemu-system-x86'] : []),
    ...(onPath('cpio') === undefined ? ['cpio'] : []),
    ...(onPath('modprobe') === undefined ? ['kmod'] : []),
  ]
  if (qemu === undefined || virtiofsd === undefined || missing.length > 0)
    throw new Error(`the virtual machine needs more programs: apt-get install ${missing.join(' ')}`)
  return { qemu, virtiofsd }
}

function writeJob(job: string, kernel: Kernel, { command, cwd, env }: GuestOptions): void {
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`
  const exports = Object.entries(env ?? {}).map(([name, value]) => `export ${name}=${quote(value)}\n`)
  writeFileSync(join(job, 'run'), `${exports.join('')}cd ${quote(cwd)} && exec ${command.map(quote).join(' ')}\n`)
  writeFileSync(join(job, 'modules'), join(kernel.root, 'lib/modules', kernel.release))
  copyFileSync(new URL('guest.sh', import.meta.url), join(job, 'guest.sh'))
}

/** Serves the host's root, made read-only in a mount namespace of the server's own. */
async function shareRoot(job: string, virtiofsd: string): Promise<AsyncDisposable> {
  const view = join(job, 'view')
  mkdirSync(view)
  const serve = [
    'mount --bind / "$1"',
    'mount -o remount,bind,ro "$1"',
    'exec "$2" --socket-path="$3" -o source="$1",cache=always,sandbox=chroot,xattr',
  ].join(' && ')
  const socket = join(job, 'fs.sock')
  const log: string[] = []
  const words = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', serve, 'sh', view, virtiofsd, socket]
  const child = spawn('setpriv', [...withUs, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void log.push(chunk.toString()))
  const dead = () => (child.exitCode === null ? undefined : `it ended: ${log.join('').trim()}`)
  await waitFor(() => existsSync(socket), { what: 'the file server of the guest', within: 10_000, hopeless: dead })
  return { [Symbol.asyncDispose]: () => ended(child) }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

function machineArguments(job: string, kernel: Kernel, initramfs: string, memory: number): string[] {
  return [
    ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max', '-smp', '2', '-m', String(memory)],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-kernel', kernel.image, '-initrd', initramfs],
    ['-append', `console=ttyS0 quiet panic=-1 mitigations=off lab.job=${job}`],
    ['-serial', 'stdio', '-serial', `file:${join(job, 'exit')}`],
    ['-object', `memory-backend-memfd,id=mem,size=${memory}M,share=on`, '-numa', 'node,memdev=mem'],
    ['-chardev', `socket,id=fs,path=${join(job, 'fs.sock')}`, '-device', 'vhost-user-fs-pci,chardev=fs,tag=host'],
    ['-device', 'virtio-rng-pci'],
  ].flat()
}

/** Words of setpriv(1): nothing of a guest outlives us, however we end. */
const withUs = ['--pdeathsig', 'KILL']

/** Ends the machine when it takes too long, or when we are told to end. */
function runMachine(args: readonly string[], qemu: string, within: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const child = spawn('setpriv', [...withUs, qemu, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  const stop = (why: string) => {
    reject(new Error(why))
    child.kill('SIGKILL')
  }
  const late = setTimeout(() => stop(`the guest did not end within ${within / 1000} s`), within)
  const told = (signal: NodeJS.Signals) => stop(`the guest was ended: ${signal}`)
  for (const signal of endings) process.once(signal, told)
  child.once('error', reject)
  child.once('exit', () => {
    clearTimeout(late)
    for (const signal of endings) process.off(signal, told)
    resolve()
  })
  return promise
}

const endings = ['SIGINT', 'SIGTERM'] as const
