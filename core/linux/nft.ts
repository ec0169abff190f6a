import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { LinuxError } from './errors.ts'
import { lastErrno, memfdCreate } from './libc.ts'
import type { NetnsRef } from './netns.ts'

export interface NftTable {
  readonly family: 'inet' | 'ip' | 'ip6' | 'arp' | 'bridge' | 'netdev'
  readonly name: string
}

/** An object of libnftables-json(5) with one key: `{ chain: {...} }`, `{ rule: {...} }`, `{ map: {...} }`, `{ element: {...} }`. */
export type NftObject = Readonly<Record<string, Readonly<Record<string, unknown>>>>
/** A command of libnftables-json(5): `{ add: object }`, `{ delete: object }`, `{ flush: object }`, ... */
export type NftCommand = Readonly<Record<string, NftObject>>

export interface NftOptions {
  readonly netns?: NetnsRef
  readonly signal?: AbortSignal
}

/** nft(8) refused, or could not be run. Nothing of the batch was applied. */
export class NftError extends Error {
  override readonly name = 'NftError'
  readonly stderr: string

  constructor(message: string, stderr: string, options?: ErrorOptions) {
    super(message, options)
    this.stderr = stderr
  }
}

// A chain that nothing jumps to, whose only rule carries the hash: nft 1.0.6 neither reads nor writes a table's own comment in JSON.
const stateChain = 'ovnkit-state'

/**
 * Applies commands in one transaction: all or none. It starts a process (some 10 ms): for rare changes only.
 * Rejects with NftError.
 */
export async function applyNft(commands: readonly NftCommand[], options: NftOptions = {}): Promise<void> {
  const { code, stderr } = await nft(['-j', '-f', '-'], JSON.stringify({ nftables: commands }), options)
  if (code !== 0) throw new NftError(`nft refused ${commands.length} commands: ${stderr.trim()}`, stderr)
}

/**
 * Makes `table` hold exactly `objects` (family and table are filled in), in one transaction. Does nothing when the table was last made from
 * the same objects, which a hash inside the table tells. Resolves to whether it changed something.
 */
export async function ensureTable(
  table: NftTable,
  objects: readonly NftObject[],
  options: NftOptions = {},
): Promise<boolean> {
  const hash = createHash('sha256').update(JSON.stringify(objects)).digest('hex')
  if ((await stateOf(table, options)) === hash) return false
  await applyNft(
    [...emptied(table), ...objects.map(object => ({ add: within(table, object) })), ...stateCommands(table, hash)],
    options,
  )
  return true
}

/** Removes a table with all it holds. False when there was none. */
export async function deleteTable(table: NftTable, options: NftOptions = {}): Promise<boolean> {
  const { code } = await nft(['-j', 'list', 'table', table.family, table.name], '', options)
  if (code !== 0) return false
  await applyNft([{ add: { table: { ...table } } }, { delete: { table: { ...table } } }], options)
  return true
}

/** Adding first makes the removal valid also when there is no such table. */
function emptied(table: NftTable): NftCommand[] {
  return [{ add: { table: { ...table } } }, { delete: { table: { ...table } } }, { add: { table: { ...table } } }]
}

/** An object with its table's family and name. */
export function within({ family, name }: NftTable, object: NftObject): NftObject {
  return Object.fromEntries(Object.entries(object).map(([kind, body]) => [kind, { family, table: name, ...body }]))
}

function stateCommands(table: NftTable, hash: string): NftCommand[] {
  return [
    { add: within(table, { chain: { name: stateChain } }) },
    { add: within(table, { rule: { chain: stateChain, comment: hash, expr: [{ return: null }] } }) },
  ]
}

/** The hash that the table was made with; undefined for a table that is not there or not made by us. */
async function stateOf({ family, name }: NftTable, options: NftOptions): Promise<string | undefined> {
  const { code, stdout } = await nft(['-j', 'list', 'chain', family, name, stateChain], '', options)
  return code === 0 ? /"comment":\s*"([\da-f]{64})"/.exec(stdout)?.[1] : undefined
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
  writeSync(fd, content, 0)
  return fd
}

const outputOf = async (stream: Readable | null): Promise<string> => (stream === null ? '' : text(stream))

/** A thread's namespace can't be changed around spawn (the child is made by another thread), so nsenter(1) does it. */
function enter(netns: NetnsRef): string[] {
  if (netns === 'host') return []
  return ['nsenter', `--net=${typeof netns === 'string' ? netns : `/proc/${process.pid}/fd/${netns.fd}`}`]
}
