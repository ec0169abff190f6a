import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { freePort, temporaryFolder, waitUntil } from '@ovnkit/testing'
import { Daemon, run } from './daemon.ts'

/** Files of a server's TLS identity. */
export interface ServerTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** More certificates to send to clients, e.g. the CA's own for bootstrapping. */
  readonly peerCa?: string | undefined
}

export interface TestServerOptions {
  /** Schemas (`*.ovsschema`) of the databases to serve; clusters and relays serve exactly one. */
  readonly schema: string | readonly string[]
  /** `standalone` (default), a Raft cluster of `members`, or a relay in front of a cluster of `members` (default 1). */
  readonly model?: 'standalone' | 'raft' | 'relay' | undefined
  /** Members of the cluster; default 3 for `raft`, 1 for `relay`. */
  readonly members?: number | undefined
  /** Listen on a loopback TCP port, too. */
  readonly tcp?: boolean | undefined
  /** Listen with TLS on a loopback TCP port, too. */
  readonly tls?: ServerTls | undefined
  /** Further arguments of ovsdb-server. */
  readonly args?: readonly string[] | undefined
}

/** One ovsdb-server. */
export interface TestMember {
  readonly daemon: Daemon
  readonly name: string
  /** File of its (first) database; a relay has none. */
  readonly file: string
  /** `unix:` remote. */
  readonly remote: string
  /** `tcp:` and `ssl:` remotes, if asked for. */
  readonly tcp: string
  readonly ssl: string
}

/** A running database: one server, a cluster, or a relay with its cluster. */
export interface TestServer extends AsyncDisposable {
  readonly dir: string
  /** Name of the (first) database. */
  readonly database: string
  /** What clients connect to: the server, all members of the cluster, or the relay. */
  readonly remote: string
  readonly members: readonly TestMember[]
  readonly relay: TestMember | undefined
  /** Kills the n-th member (default: the first) at once. */
  kill(member?: number): Promise<void>
  /** Starts it again (kills it first if it runs) with the data it had. */
  restart(member?: number): Promise<void>
  /** The index of the member that leads the cluster; waits for an election. */
  leader(): Promise<number>
  /** Makes another member the leader; resolves with its index. */
  transferLeader(): Promise<number>
}

/**
 * Starts real ovsdb-servers from the distribution in a temporary folder of their own, on unix sockets (and random loopback
 * ports if asked for). They need no privileges and are gone when disposed, or when this process ends.
 */
export async function startOvsdbServer(options: TestServerOptions): Promise<TestServer> {
  const dir = await temporaryFolder()
  folders.add(dir)
  const server = new RunningServer(dir, options)
  try {
    await server.start()
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

/** Folders of servers that run; what a test leaves behind goes with the process. */
const folders = new Set<string>()
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

class RunningServer implements TestServer {
  readonly dir: string
  readonly #options: TestServerOptions
  readonly members: TestMember[] = []
  relay: TestMember | undefined
  database = ''

  constructor(dir: string, options: TestServerOptions) {
    this.dir = dir
    this.#options = options
  }

  get remote(): string {
    return this.relay?.remote ?? this.members.map(member => member.remote).join(',')
  }

  async start(): Promise<void> {
    const { schema, model = 'standalone', members = model === 'raft' ? 3 : 1 } = this.#options
    const schemas = typeof schema === 'string' ? [schema] : schema
    this.database = await schemaName(schemas[0] ?? '')
    if (model === 'standalone') await this.#startStandalone(schemas)
    else await this.#startCluster(schemas[0] ?? '', members)
    if (model === 'relay') await this.#startRelay()
  }

  async kill(member = 0): Promise<void> {
    await this.members[member]?.daemon.kill()
  }

  async restart(member = 0): Promise<void> {
    await this.kill(member)
    await this.members[member]?.daemon.start()
  }

  leader(): Promise<number> {
    return waitUntil('the cluster has a leader', async () => {
      const index = await this.#findLeader()
      return index < 0 ? undefined : { index }
    }).then(({ index }) => index)
  }

  async transferLeader(): Promise<number> {
    const before = await this.leader()
    await this.members[before]?.daemon.appctl('cluster/failure-test', 'transfer-leadership')
    return waitUntil('another member leads', async () => {
      const index = await this.#findLeader()
      return index < 0 || index === before ? undefined : { index }
    }).then(({ index }) => index)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.members, ...(this.relay ? [this.relay] : [])].map(member => member.daemon.kill()))
    await rm(this.dir, { recursive: true, force: true })
    folders.delete(this.dir)
  }

  async #startStandalone(schemas: readonly string[]): Promise<void> {
    const files = schemas.map((_, index) => `${this.dir}/db${index}.db`)
    for (const [index, file] of files.entries()) await run('ovsdb-tool', ['create', file, schemas[index] ?? ''])
    const member = await this.#member('server', files)
    this.members.push(member)
    await member.daemon.start()
  }

  async #startCluster(schema: string, count: number): Promise<void> {
    const raft = (index: number): string => `unix:${this.dir}/raft${index}`
    for (let index = 0; index < count; index++) {
      const file = `${this.dir}/member${index}.db`
      await run(
        'ovsdb-tool',
        index === 0
          ? ['create-cluster', file, schema, raft(0)]
          : ['join-cluster', file, this.database, raft(index), raft(0)],
      )
      const member = await this.#member(`member${index}`, [file])
      this.members.push(member)
      await member.daemon.start()
      await this.#joined(member)
    }
    await this.leader()
  }

  #joined(member: TestMember): Promise<string> {
    return waitUntil(`${member.name} has joined`, async () => {
      const status = await member.daemon.appctl('cluster/status', this.database)
      return status.includes('Status: cluster member') && status
    })
  }

  async #startRelay(): Promise<void> {
    const sources = this.members.map(member => member.remote).join(',')
    this.relay = await this.#member('relay', [`relay:${this.database}:${sources}`])
    await this.relay.daemon.start()
    await waitUntil('the relay is connected', () => isConnected(this.remote, this.database))
  }

  async #member(name: string, databases: readonly string[]): Promise<TestMember> {
    const socket = `${this.dir}/${name}.sock`
    const { tls, tcp = false, args = [] } = this.#options
    const tcpPort = tcp ? await freePort() : 0
    const sslPort = tls === undefined ? 0 : await freePort()
    const remotes = [
      `--remote=punix:${socket}`,
      ...(tcp ? [`--remote=ptcp:${tcpPort}:127.0.0.1`] : []),
      ...(tls === undefined ? [] : [`--remote=pssl:${sslPort}:127.0.0.1`, ...tlsArgs(tls)]),
    ]
    return {
      name,
      file: databases[0] ?? '',
      remote: `unix:${socket}`,
      tcp: `tcp:127.0.0.1:${tcpPort}`,
      ssl: `ssl:127.0.0.1:${sslPort}`,
      daemon: new Daemon({ dir: this.dir, name, socket, args: [...remotes, ...args, ...databases] }),
    }
  }

  async #findLeader(): Promise<number> {
    const roles = await Promise.all(
      this.members.map(({ daemon }) =>
        daemon.pid === undefined ? '' : daemon.appctl('cluster/status', this.database).catch(() => ''),
      ),
    )
    return roles.findIndex(status => status.includes('Role: leader'))
  }
}

function tlsArgs({ ca, cert, key, peerCa }: ServerTls): string[] {
  const peer = peerCa === undefined ? [] : [`--peer-ca-cert=${peerCa}`]
  return [`--ca-cert=${ca}`, `--certificate=${cert}`, `--private-key=${key}`, ...peer]
}

async function schemaName(schema: string): Promise<string> {
  return (await run('ovsdb-tool', ['schema-name', schema])).trim()
}

/** Whether a server says that it has the database: relays need a moment after their start. */
async function isConnected(remote: string, database: string): Promise<boolean> {
  const where = [['name', '==', database]]
  const select = { op: 'select', table: 'Database', where, columns: ['connected'] }
  const reply = await run('ovsdb-client', ['query', remote, JSON.stringify(['_Server', select])])
  return reply.includes('"connected":true')
}
