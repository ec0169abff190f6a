import { type Config, sbRemote, usesTls } from '@ovnkit/cni-api'
import { probeRemotes, type TlsFiles, tlsFileProblems } from '@ovnkit/ovsdb'
import { askOvnController, type ControllerState } from './ovn-controller.ts'

/** What is wrong with the way to the Southbound database. */
export interface SouthboundProblem {
  readonly reason: 'TLSFiles' | 'SouthboundUnreachable'
  readonly message: string
  /** Whether somebody has to be told: not of what is under way, or told by the kubelet. */
  readonly told: boolean
}

export interface SouthboundOptions {
  readonly config: Config
  /** Folder of ovn-controller's control sockets. */
  readonly folder: string
  /** Files that ovn-controller takes instead of those of the configuration: the row SSL of the node's Open vSwitch. */
  readonly switchFiles: () => TlsFiles | undefined
  /** Told when another problem is found, or none any more. */
  readonly changed: (problem: SouthboundProblem | undefined) => void
  /** Milliseconds between two attempts to find out why there is no connection. */
  readonly pause?: number
}

/** Milliseconds: for each address, and the usual pause between two attempts. */
const probing = { patience: 5000, pause: 15_000 }

/**
 * Whether the node's ovn-controller is connected to the Southbound database, and what of TLS keeps it from that. Nobody tells of either, so it is looked at when
 * somebody asks how the agent fares. ovn-controller is asked itself; why it has no connection is found out by one of our own, with the same files.
 */
export class Southbound {
  readonly #options: SouthboundOptions
  readonly #tls: TlsFiles | undefined
  #problem: SouthboundProblem | undefined
  #why: string | undefined
  #probed = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  constructor(options: SouthboundOptions) {
    this.#options = options
    const { enabled, caCert, clientCert, clientKey } = options.config.ovn.ssl
    const wanted = enabled && usesTls(sbRemote(options.config))
    this.#tls = wanted ? { ca: caCert, cert: clientCert, key: clientKey } : undefined
  }

  /** As it was when somebody last looked. */
  get problem(): SouthboundProblem | undefined {
    return this.#problem
  }

  /** Takes below a second; the reason for a connection that is missing may be known the next time only. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const [files, state] = await Promise.all([this.#fileProblems(), askOvnController(this.#options.folder)])
    const found = files.length > 0 ? ofFiles(files) : this.#ofConnection(state)
    if (found?.message === this.#problem?.message) return
    this.#problem = found
    this.#options.changed(found)
  }

  async #fileProblems(): Promise<readonly string[]> {
    return this.#tls === undefined ? [] : tlsFileProblems(this.#tls)
  }

  #ofConnection(state: ControllerState): SouthboundProblem | undefined {
    if (state === 'connected' || state === 'unknown') {
      this.#why = undefined
      return undefined
    }
    const reason = 'SouthboundUnreachable'
    if (state === 'not running') return { reason, message: 'ovn-controller does not run on this node', told: false }
    void this.#probe()
    const remote = sbRemote(this.#options.config)
    const message = `ovn-controller is not connected to the Southbound database ${remote}`
    return this.#why === undefined
      ? { reason, message, told: false }
      : { reason, message: `${message}: ${this.#why}`, told: true }
  }

  async #probe(): Promise<void> {
    const now = performance.now()
    if (now < this.#probed + (this.#options.pause ?? probing.pause)) return
    this.#probed = now
    const why = await probeRemotes(sbRemote(this.#options.config), this.#tls, probing.patience)
    this.#why = why ?? this.#othersFiles()
  }

  /** With our files there is an answer: then it is the files of others that it goes by, or it has not tried again yet. */
  #othersFiles(): string | undefined {
    const files = this.#options.switchFiles()
    if (files === undefined || this.#tls === undefined) return undefined
    return (
      `Open vSwitch has TLS files of its own (ovs-vsctl get-ssl: ${files.key}, ${files.cert}, ${files.ca}), which ovn-controller takes instead of those of ovn.ssl: ` +
      'they must exist in its container and be accepted by the databases, or be taken away (ovs-vsctl del-ssl) where nobody needs them'
    )
  }
}

function ofFiles(problems: readonly string[]): SouthboundProblem {
  const remedy =
    'the controller, the agents and ovn-controller need certificates of the authorities, a certificate and its key where ovn.ssl says; they are read again when they change ' +
    '(with ovn.ssl.secret: keys ca.crt, tls.crt and tls.key of that Secret)'
  return { reason: 'TLSFiles', message: `${problems.join('; ')}: ${remedy}`, told: true }
}
