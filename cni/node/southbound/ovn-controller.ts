import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

/** What the node's ovn-controller says of its connection: `unknown` where none has been started in this folder. */
export type ControllerState = 'connected' | 'not connected' | 'not running' | 'unknown'

/** The folder of OVN's control sockets, by the rule of its own tools (ovn-appctl(8)). */
export const ovnRunFolder = () => process.env.OVN_RUNDIR ?? '/var/run/ovn'

/** Milliseconds: it answers at once, or between two long rounds of its own. */
const patience = 500

/** Asks ovn-controller for the state of its connection to the Southbound database (`connection-status`, ovn-controller(8)). Sockets of dead ones are passed over. */
export async function askOvnController(folder: string): Promise<ControllerState> {
  const names = await readdir(folder).catch(() => [])
  const sockets = names.filter(name => /^ovn-controller\.\d+\.ctl$/.test(name))
  for (const name of sockets) {
    const state = await ask(join(folder, name)).catch(() => undefined)
    if (state !== undefined) return state
  }
  return sockets.length === 0 ? 'unknown' : 'not running'
}

async function ask(path: string): Promise<ControllerState> {
  const socket = connect({ path })
  const signal = AbortSignal.timeout(patience)
  try {
    await once(socket, 'connect', { signal })
    socket.write('{"id":0,"method":"connection-status","params":[]}')
    const [answer] = await once(socket.setEncoding('utf8'), 'data', { signal })
    return String(answer).includes('not connected') ? 'not connected' : 'connected'
  } catch (error) {
    // A socket that takes connections has somebody behind it, who may be busy.
    if (signal.aborted) return 'unknown'
    throw error
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}
