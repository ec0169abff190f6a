import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { endProcess, hasEnded } from '@ovnkit/testing'

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
  const kill = () => endProcess(child)
  return {
    get ended() {
      return hasEnded(child)
    },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}
