import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

export interface ControllerOptions {
  /** For its control socket and log. */
  readonly folder: string
  /** `unix:` remote of the switch's database. */
  readonly database: string
  /** The folder that stands for the Secret of the manifests. */
  readonly tls: string
}

/** An ovn-controller that can be killed; it ends with this process. */
export interface TestController extends AsyncDisposable {
  readonly ended: boolean
  kill(): Promise<void>
}

/** The options that the manifests give ovn-controller for TLS, with another folder in the place of the Secret's. */
export function manifestOptions(folder: string): string[] {
  const file = new URL('../../deploy/tls/node.yaml', import.meta.url)
  const added = /containers\/1\/command\/-, value: (--\S+)/g
  const words = [...readFileSync(file, 'utf8').matchAll(added)].map(([, word = '']) => word)
  return words.map(word => word.replace('/etc/ovn/ssl', folder))
}

/** Starts a real ovn-controller on a switch's database, with the options of the manifests. */
export function startOvnController({ folder, database, tls }: ControllerOptions): TestController {
  const args = ['-vconsole:off', `--log-file=${folder}/ovn-controller.log`, ...manifestOptions(tls), database]
  const rooms = { OVN_RUNDIR: folder, OVS_RUNDIR: folder }
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'ovn-controller', ...args], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, ...rooms },
  })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return {
    get ended() {
      return child.exitCode !== null || child.signalCode !== null
    },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}
