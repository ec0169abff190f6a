import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Names of logical switch ports as they come and go, told by the distribution's own client. */
export class NbWatch implements Disposable {
  readonly appeared = new Map<string, number>()
  readonly vanished = new Map<string, number>()
  readonly #process: ChildProcess

  constructor(remote: string) {
    const args = ['--format=json', 'monitor', remote, 'OVN_Northbound', 'Logical_Switch_Port', 'name']
    this.#process = spawn('setpriv', ['--pdeathsig', 'KILL', 'ovsdb-client', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { stdout } = this.#process
    if (stdout === null) throw new Error('ovsdb-client has no output')
    createInterface({ input: stdout }).on('line', line => this.#read(line))
  }

  [Symbol.dispose](): void {
    this.#process.kill()
  }

  #read(line: string): void {
    const table: { data: [string, string, string][] } = JSON.parse(line)
    for (const [, action, name] of table.data) {
      if (action === 'delete') this.vanished.set(name, performance.now())
      else if (action === 'insert' || action === 'initial') this.appeared.set(name, performance.now())
    }
  }
}
