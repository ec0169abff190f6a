import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * Names (without folders) of the unix sockets of this network namespace that a process has bound, by proc(5): `Num RefCount Protocol Flags Type St Inode Path`.
 * A file whose name is not among them is what a killed process left behind.
 */
export function boundSockets(table: string = readFileSync('/proc/net/unix', 'utf8')): ReadonlySet<string> {
  const paths = table.split('\n').flatMap(line => /^\S+: (?:\S+ +){6}(\/.*)$/.exec(line)?.[1] ?? [])
  return new Set(paths.map(path => basename(path)))
}
