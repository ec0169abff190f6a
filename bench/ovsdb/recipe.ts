import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { OVN_Northbound, type OVN_Northbound_Tables } from '@ovnkit/ovn'
import { type Database, type Operation, openDatabase, randomUuid, type Uuid } from '@ovnkit/ovsdb'
import { Daemon, run } from '@ovnkit/ovsdb/testing'
import { waitUntil } from '@ovnkit/testing'

/**
 * The databases that the benchmarks read: a northbound one of 10,000 ports (200 switches x 50 on one router), 1,000 load
 * balancers x 10 backends in a group, 50 port groups, 50 address sets and 100 ACLs; and the southbound one that one run of
 * the real ovn-northd makes of it. Made once, kept in the cache.
 */

const SWITCHES = 200
const PORTS = 50
const BALANCERS = 1000
const GROUPS = 50

const cache = `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/ovnkit/bench/ovsdb-1`

export interface Served extends AsyncDisposable {
  readonly remote: string
  readonly pid: number
}

/** Serves a database file on a unix socket in a folder of its own. */
export async function serve(file: string): Promise<Served> {
  const dir = await mkdtemp(`${tmpdir()}/ovsdb-bench-`)
  await copyFile(file, `${dir}/db`)
  const socket = `${dir}/sock`
  const daemon = new Daemon({ dir, name: 'server', socket, args: [`--remote=punix:${socket}`, `${dir}/db`] })
  await daemon.start()
  const end = async (): Promise<void> => {
    await daemon.kill()
    await rm(dir, { recursive: true, force: true })
  }
  return { remote: `unix:${socket}`, pid: daemon.pid ?? 0, [Symbol.asyncDispose]: end }
}

/** The files of both databases, made at the first call (about a minute). */
export async function recipe(): Promise<{ readonly nb: string; readonly sb: string }> {
  const files = { nb: `${cache}/nb.db`, sb: `${cache}/sb.db` }
  if (!existsSync(files.sb)) await make(files)
  return files
}

async function make(files: { readonly nb: string; readonly sb: string }): Promise<void> {
  const dir = await mkdtemp(`${tmpdir()}/ovsdb-recipe-`)
  await mkdir(cache, { recursive: true })
  const servers = await Promise.all(['nb', 'sb'].map(name => create(dir, name)))
  const [nb, sb] = servers.map(server => server.remote)
  console.error('filling the northbound database ...')
  await using db = openDatabase(OVN_Northbound, { remotes: nb ?? '', tables: { NB_Global: {} } })
  await db.ready()
  await fill(db)
  console.error('waiting for ovn-northd ...')
  const pidfile = `${dir}/northd.pid`
  const args = [`--ovnnb-db=${nb}`, `--ovnsb-db=${sb}`, '-vconsole:off', '--detach', `--pidfile=${pidfile}`]
  await run('ovn-northd', [...args, `--log-file=${dir}/northd.log`, `--unixctl=${dir}/northd.ctl`])
  await waitUntil('northd is done', () => (db.table('NB_Global').one()?.sb_cfg ?? 0) >= 1, 600_000)
  await run('ovn-appctl', ['-t', `${dir}/northd.ctl`, 'exit'])
  for (const server of servers) await server.daemon.kill()
  await rename(`${dir}/nb.db`, files.nb).catch(() => copyFile(`${dir}/nb.db`, files.nb))
  await rename(`${dir}/sb.db`, files.sb).catch(() => copyFile(`${dir}/sb.db`, files.sb))
  await rm(dir, { recursive: true, force: true })
}

async function create(dir: string, name: string): Promise<{ readonly remote: string; readonly daemon: Daemon }> {
  const file = `${dir}/${name}.db`
  await run('ovsdb-tool', ['create', file, `/usr/share/ovn/ovn-${name}.ovsschema`])
  const socket = `${dir}/${name}.sock`
  const daemon = new Daemon({ dir, name, socket, args: [`--remote=punix:${socket}`, file] })
  await daemon.start()
  return { remote: `unix:${socket}`, daemon }
}

type Nb = Database<OVN_Northbound_Tables>

async function commit(db: Nb, operations: readonly Operation[]): Promise<void> {
  const outcome = await db.transact(operations, { timeout: 120_000 })
  if (outcome.status !== 'committed') throw new Error(`${outcome.status}`, { cause: outcome })
}

async function fill(db: Nb): Promise<void> {
  const [router, group] = [randomUuid<'Logical_Router'>(), randomUuid<'Load_Balancer_Group'>()]
  await commit(db, [
    db.op.insert('Logical_Router', router, { name: 'router' }),
    db.op.insert('Load_Balancer_Group', group, { name: 'services', load_balancer: [] }),
  ])
  const ports: Uuid<'Logical_Switch_Port'>[][] = []
  for (let i = 0; i < SWITCHES; i++) ports.push(await addSwitch(db, { i, router, group }))
  for (let i = 0; i < GROUPS; i++)
    await addPolicy(
      db,
      i,
      ports.flatMap(of => of.slice(i, i + 1)),
    )
  for (let i = 0; i < BALANCERS; i += 100) await addBalancers(db, i, group)
  const global = randomUuid<'NB_Global'>()
  const one = db.table('NB_Global').one()
  await commit(db, [
    one ? db.op.update('NB_Global', one._uuid, { nb_cfg: 1 }) : db.op.insert('NB_Global', global, { nb_cfg: 1 }),
  ])
}

interface SwitchPlace {
  readonly i: number
  readonly router: Uuid<'Logical_Router'>
  readonly group: Uuid<'Load_Balancer_Group'>
}

async function addSwitch(db: Nb, { i, router, group }: SwitchPlace): Promise<Uuid<'Logical_Switch_Port'>[]> {
  const [id, uplink, routerPort] = [
    randomUuid<'Logical_Switch'>(),
    randomUuid<'Logical_Switch_Port'>(),
    randomUuid<'Logical_Router_Port'>(),
  ]
  const name = `switch-${i}`
  const ports = Array.from({ length: PORTS }, () => randomUuid<'Logical_Switch_Port'>())
  const mac = (n: number): string =>
    `0a:58:0a:${[i >> 8, i & 255, n].map(byte => byte.toString(16).padStart(2, '0')).join(':')}`
  const address = (n: number): string => `10.${i >> 8}.${i & 255}.${n}`
  await commit(db, [
    ...ports.map((port, n) => {
      const addresses = [`${mac(n + 2)} ${address(n + 2)}`]
      const pod = `pod-${i}-${n}`
      return db.op.insert('Logical_Switch_Port', port, {
        name: `default_${pod}`,
        addresses,
        port_security: addresses,
        options: { 'requested-chassis': `node-${i}`, 'iface-id-ver': port },
        external_ids: { namespace: 'default', pod: 'true', 'zstack.io/owner': `pod/default/${pod}` },
      })
    }),
    db.op.insert('Logical_Switch_Port', uplink, {
      name: `stor-${name}`,
      type: 'router',
      addresses: ['router'],
      options: { 'router-port': `rtos-${name}` },
    }),
    db.op.insert('Logical_Router_Port', routerPort, {
      name: `rtos-${name}`,
      mac: mac(1),
      networks: [`${address(1)}/24`],
    }),
    db.op.addToSet('Logical_Router', router, 'ports', [routerPort]),
    db.op.insert('Logical_Switch', id, {
      name,
      ports: [...ports, uplink],
      load_balancer_group: [group],
      other_config: { subnet: `${address(0)}/24` },
      external_ids: { 'zstack.io/owner': `subnet/${i}` },
    }),
  ])
  return ports
}

async function addPolicy(db: Nb, i: number, ports: readonly Uuid<'Logical_Switch_Port'>[]): Promise<void> {
  const acls = ['to-lport', 'from-lport'].map(direction => ({ direction, uuid: randomUuid<'ACL'>() }))
  await commit(db, [
    ...acls.map(({ direction, uuid }) =>
      db.op.insert('ACL', uuid, {
        direction: direction === 'to-lport' ? 'to-lport' : 'from-lport',
        priority: 1000,
        match: `${direction === 'to-lport' ? 'outport' : 'inport'} == @pg_${i} && ip4.src == $as_${i} && tcp.dst == ${1000 + i}`,
        action: 'allow-related',
      }),
    ),
    db.op.insert('Port_Group', randomUuid(), { name: `pg_${i}`, ports, acls: acls.map(({ uuid }) => uuid) }),
    db.op.insert('Address_Set', randomUuid(), {
      name: `as_${i}`,
      addresses: Array.from({ length: SWITCHES }, (_, n) => `10.${n >> 8}.${n & 255}.${i + 2}`),
    }),
  ])
}

async function addBalancers(db: Nb, from: number, group: Uuid<'Load_Balancer_Group'>): Promise<void> {
  const balancers = Array.from({ length: 100 }, (_, k) => ({ n: from + k, uuid: randomUuid<'Load_Balancer'>() }))
  const backends = (n: number): string =>
    Array.from({ length: 10 }, (_, k) => `10.0.${(n * 10 + k) % SWITCHES}.${2 + (n % PORTS)}:8080`).join(',')
  await commit(db, [
    ...balancers.map(({ n, uuid }) =>
      db.op.insert('Load_Balancer', uuid, {
        name: `k8s-default-service-${n}_TCP`,
        protocol: 'tcp',
        vips: { [`172.30.${n >> 8}.${n & 255}:80`]: backends(n) },
        external_ids: { 'zstack.io/owner': `service/default/service-${n}` },
      }),
    ),
    db.op.addToSet(
      'Load_Balancer_Group',
      group,
      'load_balancer',
      balancers.map(({ uuid }) => uuid),
    ),
  ])
}
