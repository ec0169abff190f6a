import { existsSync, statSync, writeFileSync } from 'node:fs'
import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import { PluginError } from './failure.ts'
import type { Command } from './versions.ts'

const GRACE_MS = 60_000

/**
 * What to answer while the agent cannot be reached: the empty result, or an error.
 *
 * - ADD, CHECK, GC: 11, try again.
 * - DEL: 11 as well, so that the runtime tries again and nothing leaks; but success where the agent's folder does not
 *   exist. /var/run is empty after boot, so the agent has never run since and no interface of ours exists; what is left
 *   in the database of Open vSwitch the agent removes when it starts.
 * - STATUS: 50 where the agent has not been ready since boot, or is away for longer than 60 s. A restart or an upgrade
 *   must not make the node NotReady: its Services would lose their endpoints at once. Nor may the answer wait for the
 *   agent: the runtime asks from its own Status call, and a kubelet that gets no answer to that for 30 s declares the
 *   node NotReady as well. So the first one that finds the agent away leaves a mark, and the agent removes it.
 *
 * @throws PluginError
 */
export function answerWithoutAgent(command: Command, socket: string, cause: Error): void {
  const folder = socket.slice(0, socket.lastIndexOf('/'))
  if (command === 'DEL' && !existsSync(folder)) return
  if (command !== 'STATUS') {
    const text = 'the agent zstack-ovnkube-node cannot be reached; is its pod running on this node?'
    throw new PluginError(cniErrors.tryAgain, text, cause.message)
  }
  if (!existsSync(`${folder}/initialized`)) {
    const text = 'the agent zstack-ovnkube-node has not been ready since boot'
    throw new PluginError(cniErrors.notAvailable, text, cause.message)
  }
  const away = awayFor(`${folder}/agent-away`)
  if (away > GRACE_MS) {
    const text = `the agent zstack-ovnkube-node cannot be reached for ${Math.round(away / 1000)} s`
    throw new PluginError(cniErrors.notAvailable, text, cause.message)
  }
}

/** Milliseconds since the mark was made; it is made now if it is not there. */
function awayFor(mark: string): number {
  try {
    writeFileSync(mark, '', { flag: 'wx' })
    return 0
  } catch {
    return Date.now() - statSync(mark).mtimeMs
  }
}
