import { readFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'

/** Follows the life of ovs-vswitchd by a connection to its control socket (ovs-appctl(8)): the kernel closes it at whatever end. */
export class DaemonWatch implements Disposable {
  readonly #folder: string
  readonly #ended: () => void
  #connection: Socket | undefined
  #stopped = false

  /**
   * @param folder the run folder of Open vSwitch
   * @param ended called when the daemon has ended, and when it does not answer
   */
  constructor(folder: string, ended: () => void) {
    this.#folder = folder
    this.#ended = ended
  }

  /** Connects unless it is connected: cheap, for whenever there may be a daemon again. */
  look(): void {
    if (this.#stopped || this.#connection !== undefined) return
    const path = controlSocket(this.#folder)
    if (path === undefined) return
    const connection = createConnection(path)
    this.#connection = connection
    // 'close' follows.
    connection.on('error', () => undefined)
    connection.on('close', () => {
      this.#connection = undefined
      if (!this.#stopped) this.#ended()
    })
    connection.unref()
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#connection?.destroy()
  }
}

/** `ovs-vswitchd.<pid>.ctl`; undefined where no daemon has written its pid. */
function controlSocket(folder: string): string | undefined {
  try {
    const pid = readFileSync(join(folder, 'ovs-vswitchd.pid'), 'utf8').trim()
    return join(folder, `ovs-vswitchd.${pid}.ctl`)
  } catch {
    return undefined
  }
}
