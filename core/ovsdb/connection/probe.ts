import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { dial } from './dial.ts'
import { formatRemote, parseRemotes } from './remote.ts'
import { explainTls } from './tls-files.ts'
import type { TlsFiles } from './types.ts'

/**
 * Asks once whether a server answers (`echo`, RFC 7047 section 4.1.11) at one of the remotes, one after another.
 *
 * @param patience milliseconds for each remote
 * @returns undefined when one did; else why not, for each of them
 */
export async function probeRemotes(
  remotes: string,
  tls: TlsFiles | undefined,
  patience: number,
): Promise<string | undefined> {
  const reasons: string[] = []
  for (const remote of parseRemotes(remotes).remotes) {
    const signal = AbortSignal.timeout(patience)
    try {
      await answered(await dial(remote, tls, signal), signal)
      return undefined
    } catch (error) {
      const reason = signal.aborted ? new Error(`no answer within ${patience} ms`) : error
      const told =
        remote.kind === 'ssl' && tls !== undefined && !signal.aborted ? await explainTls(reason, tls) : reason
      reasons.push(`${formatRemote(remote)}: ${told instanceof Error ? told.message : String(told)}`)
    }
  }
  return reasons.join('; ')
}

/** With TLS 1.3 a server may refuse our certificate after its own part is done: only an answer says that it did not. */
async function answered(stream: Duplex, signal: AbortSignal): Promise<void> {
  const ended = once(stream, 'close', { signal }).then(() => {
    throw new Error('the server closed the connection')
  })
  try {
    stream.write('{"id":"probe","method":"echo","params":[]}')
    await Promise.race([once(stream, 'data', { signal }), ended])
  } finally {
    stream.destroy()
    ended.catch(() => undefined)
  }
}
