import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '@ovnkit/testing'
import { type Daemon, startDaemon } from './daemon.ts'
import { findTool } from './tools.ts'

export interface Etcd {
  readonly url: string
  readonly daemon: Daemon
}

/** etcd on random loopback ports, without fsync: for data that may be lost with the machine. */
export async function startEtcd(folder: string, detached: boolean): Promise<Etcd> {
  const [clientPort, peerPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${clientPort}`
  const peer = `http://127.0.0.1:${peerPort}`
  const data = join(folder, 'etcd')
  await mkdir(data, { recursive: true, mode: 0o700 })
  const args = ['--data-dir', data, '--listen-client-urls', url, '--advertise-client-urls', url]
  args.push(
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    `default=${peer}`,
    '--unsafe-no-fsync',
  )
  const daemon = await startDaemon({
    name: 'etcd',
    command: findTool('etcd'),
    args,
    log: join(folder, 'etcd.log'),
    detached,
  })
  return { url, daemon }
}

/** Forgets all history, so that every older resource version is answered with 410. Speaks etcd's JSON gateway (v3 API). */
export async function compactEtcd(url: string): Promise<void> {
  const range = await post(url, '/v3/kv/range', { key: Buffer.from('\0').toString('base64') })
  const revision = range.header?.revision
  if (revision === undefined) throw new Error(`etcd at ${url} told no revision`)
  await post(url, '/v3/kv/compaction', { revision, physical: true })
}

async function post(url: string, path: string, body: unknown): Promise<{ header?: { revision?: string } }> {
  const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${text}`)
  return JSON.parse(text)
}
