/**
 * Checks the comma-separated address list of an OVSDB database as ovsdb(7) writes it.
 * @returns what is wrong with it, or `undefined`.
 */
export function remotesProblem(text: string): string | undefined {
  const bad = text.split(',').find(remote => !isRemote(remote.trim()))
  if (bad === undefined) return undefined
  return `"${bad}" is no database address; expected tcp:host:port, ssl:host:port (IPv6 in brackets) or unix:/path`
}

function isRemote(remote: string): boolean {
  if (/^unix:\/./.test(remote)) return true
  const match = /^(?:tcp|ssl):(?:\[[0-9a-fA-F:.]+\]|[^:[\]/\s]+):(\d{1,5})$/.exec(remote)
  const port = Number(match?.[1])
  return port >= 1 && port <= 65_535
}

/** Whether any of the addresses is reached over TLS. */
export function usesTls(text: string): boolean {
  return text.split(',').some(remote => remote.trim().startsWith('ssl:'))
}
