import { spawn } from 'node:child_process'
import { closeSync, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { LinuxError } from '../errors.ts'
import { lastErrno, memfdCreate } from '../libc.ts'
import type { NetnsRef } from '../netns.ts'

export interface NftTable {
  readonly family: 'inet' | 'ip' | 'ip6' | 'arp' | 'bridge' | 'netdev'
  readonly name: string
}

export interface NftOptions {
  readonly netns?: NetnsRef
  readonly signal?: AbortSignal
}

/** nft(8) refused, or could not be run. Nothing of the script was applied. */
export class NftError extends Error {
  override readonly name = 'NftError'
  readonly stderr: string

  constructor(message: string, stderr: string, options?: ErrorOptions) {
    super(message, options)
    this.stderr = stderr
  }
}

/**
 * Applies a script in nft's language in one transaction: all of it or nothing. It starts a process (some 10 ms): for rare changes only.
 * Rejects with NftError.
 */
export async function applyNft(script: string, options: NftOptions = {}): Promise<void> {
  const { code, stderr } = await nft(['-f', '-'], script, options)
  if (code !== 0) throw new NftError(`nft refused: ${stderr.trim()}`, stderr)
}

/** A table as libnftables-json(5) has it; undefined when there is none. Rejects with NftError. */
export async function listTable({ family, name }: NftTable, options: NftOptions = {}): Promise<unknown> {
  const { code, stdout, stderr } = await nft(['-j', 'list', 'table', family, name], '', options)
  if (code === 0) return JSON.parse(stdout)
  if (stderr.includes('No such file or directory')) return undefined
  throw new NftError(`nft cannot list table ${family} ${name}: ${stderr.trim()}`, stderr)
}

/** All tables of everybody as libnftables-json(5) has them, without the elements of sets. Rejects with NftError. */
export async function listRuleset(options: NftOptions = {}): Promise<unknown> {
  const { code, stdout, stderr } = await nft(['-j', '-t', 'list', 'ruleset'], '', options)
  if (code === 0) return JSON.parse(stdout)
  throw new NftError(`nft cannot list the ruleset: ${stderr.trim()}`, stderr)
}

/** Names of the tables that exist. Rejects with NftError. */
export async function listTables(options: NftOptions = {}): Promise<readonly string[]> {
  const { code, stdout, stderr } = await nft(['list', 'tables'], '', options)
  if (code !== 0) throw new NftError(`nft cannot list tables: ${stderr.trim()}`, stderr)
  return stdout.split('\n').flatMap(line => (line.startsWith('table ') ? [line.slice('table '.length)] : []))
}

/** Removes a table with all it holds, where it exists. */
export function deleteTable({ family, name }: NftTable, options: NftOptions = {}): Promise<void> {
  // Adding first makes the removal valid also when there is no such table.
  return applyNft(`add table ${family} ${name}\ndelete table ${family} ${name}\n`, options)
}

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function nft(args: readonly string[], input: string, { netns = 'host', signal }: NftOptions): Promise<Outcome> {
  const [program = 'nft', ...rest] = [...enter(netns), 'nft', ...args]
  const stdin = fileWith(input)
  const child = spawn(program, rest, { stdio: [stdin, 'pipe', 'pipe'], ...(signal && { signal }) })
  closeSync(stdin)
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  try {
    const [code, stdout, stderr] = await Promise.all([ended, outputOf(child.stdout), outputOf(child.stderr)])
    return { code, stdout, stderr }
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new NftError(`can't run ${program}; install nftables and util-linux`, '', { cause })
  }
}

/** A file in memory. nft opens /dev/stdin by name, which the sockets that Node uses as pipes do not allow. */
function fileWith(content: string): number {
  const fd = memfdCreate('nft', 0)
  if (fd < 0) throw new LinuxError('make a file in memory', lastErrno())
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at)
  return fd
}

const outputOf = async (stream: Readable | null): Promise<string> => (stream === null ? '' : text(stream))

/** A thread's namespace can't be changed around spawn (the child is made by another thread), so nsenter(1) does it. */
function enter(netns: NetnsRef): string[] {
  if (netns === 'host') return []
  return ['nsenter', `--net=${typeof netns === 'string' ? netns : `/proc/${process.pid}/fd/${netns.fd}`}`]
}
