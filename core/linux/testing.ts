import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { createNetns, deleteNetns, netnsPath } from './named-netns.ts'
import type { Netns } from './netns.ts'

const run = promisify(execFile)

/** A network namespace that a test made for itself; its name ends with the disposal. */
export interface TestNetns extends Netns {
  readonly name: string
  /** Runs a program inside, for comparison with what the kernel says to others. Resolves to its standard output. */
  exec(program: string, ...args: string[]): Promise<string>
  /** `ip -j ...` inside, parsed. */
  ip(...args: string[]): Promise<unknown>
}

/** Makes a namespace with a name of its own (`<prefix>-<random>`), its loopback down. */
export function testNetns(prefix = 'ovnkit'): TestNetns {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`
  const netns = createNetns(name)
  const exec = (program: string, ...args: string[]): Promise<string> => execInNetns(netnsPath(name), program, ...args)
  return {
    name,
    path: netns.path,
    get fd() {
      return netns.fd
    },
    exec,
    ip: async (...args) => parseJson(await exec('ip', '-j', '-d', ...args)),
    [Symbol.dispose]() {
      netns[Symbol.dispose]()
      deleteNetns(name)
    },
  }
}

/** Runs a program in a namespace by nsenter(1). Rejects with its standard error in the message. */
export async function execInNetns(path: string, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('nsenter', [`--net=${path}`, program, ...args], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

const parseJson = (text: string): unknown => (text.trim() === '' ? [] : JSON.parse(text))
