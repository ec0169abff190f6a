import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, temporaryFolder, waitUntil } from '@ovnkit/testing'
import { KubeClient } from '../client/client.ts'
import { loadKubeConfig } from '../config/kube-config.ts'
import type { KubeConfig } from '../config/server.ts'
import { resources } from '../resources.ts'
import { apiServerArgs, controllerManagerArgs, schedulerArgs } from './arguments.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { compactEtcd, type Etcd, startEtcd } from './etcd.ts'
import { type Identities, makeIdentities } from './identities.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { type Certificate, type CertificateRequest, issueCertificate } from './pki.ts'
import { findTool } from './tools.ts'

export interface ControlPlaneOptions {
  /** Where data, certificates and logs go. Default: a fresh folder in /tmp, removed at the end. A given one is kept. */
  readonly folder?: string
  /** Where the API server listens. Default 127.0.0.1. */
  readonly bindAddress?: string
  /** What it tells others (the endpoint of Service `kubernetes`), and what `server` names. Default: bindAddress, or 127.0.0.1 for a wildcard. */
  readonly advertiseAddress?: string
  /** Default: a free port. */
  readonly port?: number
  /** Pairs for dual stack, comma-separated. Default 10.96.0.0/16. */
  readonly serviceCidr?: string
  /** More names and addresses for the server's certificate (localhost, 127.0.0.1, advertiseAddress, serviceAddresses are in it). */
  readonly extraHosts?: readonly string[]
  /** Addresses of Service `kubernetes`, for the certificate. Default 10.96.0.1. */
  readonly serviceAddresses?: readonly string[]
  /** Default false. Without it ServiceAccount admission is off, so that pods can be created without their account. */
  readonly controllerManager?: boolean
  readonly scheduler?: boolean
  /** Appended, so they win: `--watch-cache=false`, `--v=4`. */
  readonly apiServerArgs?: readonly string[]
  readonly controllerManagerArgs?: readonly string[]
  /** The processes outlive this one (the lab). Default false: the kernel ends them with us. */
  readonly detached?: boolean
  readonly readyTimeoutMs?: number
}

/** A real Kubernetes control plane: etcd, kube-apiserver, optionally controller manager and scheduler. */
export interface ControlPlane extends AsyncDisposable {
  readonly folder: string
  /** `https://address:port` */
  readonly server: string
  /** Path of an admin's kubeconfig (JSON, hence YAML too). */
  readonly kubeconfig: string
  readonly config: KubeConfig
  /** An admin's client. */
  readonly client: KubeClient
  /** Paths of the authority's certificate, and of the admin's certificate and key. */
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Name to pid of what runs now. */
  readonly pids: ReadonlyMap<string, number>
  /** SIGKILL, or the given signal; returns when it is dead. */
  killApiServer(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port and data; returns when it is ready. */
  startApiServer(): Promise<void>
  /** Forgets all history: watches and continued lists from before are answered with 410. */
  compact(): Promise<void>
  /** A client certificate of this cluster's authority: `issue({ name: 'kubelet-n1', commonName: 'system:node:n1', organizations: ['system:nodes'] })`. */
  issue(request: CertificateRequest): Promise<Certificate>
  /** Writes a kubeconfig for that certificate (or a token) and returns its path. */
  writeKubeconfig(name: string, user: Certificate | { readonly token: string }, server?: string): Promise<string>
  /** Ends everything; removes the folder unless it was given. */
  stop(): Promise<void>
}

/**
 * Starts a control plane; it is ready (and namespace `default` there) when the promise resolves, about 4 s later.
 * @throws MissingToolError, or an Error with the tail of the log of what ended early
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const folder = options.folder ?? (await temporaryFolder())
  const host =
    options.advertiseAddress ?? (isWildcard(options.bindAddress) ? '127.0.0.1' : (options.bindAddress ?? '127.0.0.1'))
  const port = options.port ?? (await freePort())
  const identities = await makeIdentities(folder, [host, ...(options.extraHosts ?? [])], options.serviceAddresses)
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const kubeconfig = await writeKubeconfig(folder, 'admin', { server, ca: identities.ca.cert, user: identities.admin })
  const config = await loadKubeConfig({ kubeconfig })
  const plane = new RunningControlPlane({ folder, server, host, port, options, identities, kubeconfig, config })
  try {
    await plane.start()
    return plane
  } catch (error) {
    await plane.stop()
    throw error
  }
}

interface Prepared {
  readonly folder: string
  readonly server: string
  readonly host: string
  readonly port: number
  readonly options: ControlPlaneOptions
  readonly identities: Identities
  readonly kubeconfig: string
  readonly config: KubeConfig
}

class RunningControlPlane implements ControlPlane {
  readonly folder: string
  readonly server: string
  readonly kubeconfig: string
  readonly config: KubeConfig
  readonly client: KubeClient
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly #prepared: Prepared
  readonly #daemons = new Map<string, Daemon>()
  #etcd: Etcd | undefined

  constructor(prepared: Prepared) {
    const { identities } = prepared
    this.#prepared = prepared
    this.folder = prepared.folder
    this.server = prepared.server
    this.kubeconfig = prepared.kubeconfig
    this.config = prepared.config
    this.client = new KubeClient(prepared.config, { userAgent: 'ovnkit-testing' })
    this.ca = identities.ca.cert
    this.cert = identities.admin.cert
    this.key = identities.admin.key
  }

  get pids(): ReadonlyMap<string, number> {
    const running = [...this.#daemons].filter(([, daemon]) => daemon.running)
    return new Map(running.map(([name, daemon]) => [name, daemon.pid]))
  }

  async start(): Promise<void> {
    const { options, folder } = this.#prepared
    this.#etcd = await startEtcd(folder, options.detached ?? false)
    this.#daemons.set('etcd', this.#etcd.daemon)
    await this.startApiServer()
    if (options.controllerManager === true)
      await this.#launch('kube-controller-manager', controllerManagerArgs(this.#paths()))
    if (options.scheduler === true) await this.#launch('kube-scheduler', schedulerArgs(this.#paths()))
  }

  async startApiServer(): Promise<void> {
    if (this.#etcd === undefined) throw new Error('start() comes first: etcd is not running')
    const { options, host, port } = this.#prepared
    const args = apiServerArgs({ ...this.#paths(), etcd: this.#etcd.url, host, port, options })
    await this.#ready(await this.#launch('kube-apiserver', args))
  }

  async killApiServer(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#daemons.get('kube-apiserver')?.kill(signal)
  }

  async compact(): Promise<void> {
    if (this.#etcd === undefined) throw new Error('start() comes first: etcd is not running')
    await compactEtcd(this.#etcd.url)
  }

  issue(request: CertificateRequest): Promise<Certificate> {
    const { folder, identities } = this.#prepared
    return issueCertificate(join(folder, 'pki'), identities.ca, request)
  }

  writeKubeconfig(name: string, user: Certificate | { readonly token: string }, server = this.server): Promise<string> {
    return writeKubeconfig(this.folder, name, { server, ca: this.ca, user })
  }

  async stop(): Promise<void> {
    this.client.close()
    for (const daemon of [...this.#daemons.values()].reverse()) await daemon.stop()
    if (this.#prepared.options.folder === undefined) await rm(this.folder, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #paths(): { folder: string; identities: Identities; kubeconfig: string; options: ControlPlaneOptions } {
    const { folder, identities, kubeconfig, options } = this.#prepared
    return { folder, identities, kubeconfig, options }
  }

  async #launch(name: string, args: readonly string[]): Promise<Daemon> {
    const { folder, options } = this.#prepared
    const log = join(folder, `${name}.log`)
    const daemon = await startDaemon({
      name,
      command: findTool(name),
      args,
      log,
      cwd: folder,
      detached: options.detached ?? false,
    })
    this.#daemons.set(name, daemon)
    return daemon
  }

  async #ready(apiServer: Daemon): Promise<void> {
    const timeoutMs = this.#prepared.options.readyTimeoutMs ?? 90_000
    await waitUntil('kube-apiserver to be ready', () => this.#isReady(apiServer), timeoutMs)
  }

  async #isReady(apiServer: Daemon): Promise<boolean> {
    for (const daemon of [this.#etcd?.daemon, apiServer])
      if (daemon !== undefined && !daemon.running) throw new Error(`${daemon.name} ended early:\n${daemon.tail()}`)
    try {
      await this.client.request({ method: 'GET', path: '/readyz', retry: false, timeoutMs: 5_000 })
      await this.client.get(resources.namespaces, { name: 'default' }, { retry: false })
      return true
    } catch {
      return false
    }
  }
}

function isWildcard(address: string | undefined): boolean {
  return address === '0.0.0.0' || address === '::'
}
