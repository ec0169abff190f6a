import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Report, runProcess, spread } from './measure.ts'
import { recipe, serve } from './recipe.ts'

/** What a replica of every table costs, from exec to exit, beside the C and Python clients of the distribution. */

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Commands that make ovn-nbctl and ovn-sbctl replicate whole tables and print nothing. */
const nothing: Readonly<Record<'nb' | 'sb', readonly string[]>> = {
  nb: [
    'Logical_Switch',
    'Logical_Switch_Port',
    'Logical_Router',
    'Logical_Router_Port',
    'Load_Balancer',
    'Load_Balancer_Group',
    'Port_Group',
    'Address_Set',
    'ACL',
  ].map(table => `${table} name=none`),
  sb: [
    'Logical_Flow match=none',
    'Logical_DP_Group datapaths=00000000-0000-4000-8000-000000000000',
    'Port_Binding logical_port=none',
    'Datapath_Binding tunnel_key=16777215',
    ...['Port_Group', 'Address_Set', 'Multicast_Group', 'Load_Balancer'].map(table => `${table} name=none`),
  ],
}
const finds = (db: 'nb' | 'sb'): string[] => nothing[db].flatMap(find => ['--', 'find', ...find.split(' ')]).slice(1)

interface Contestant {
  readonly name: string
  readonly command: readonly string[]
}

function contestants(db: 'nb' | 'sb', remote: string, bundle: string): Contestant[] {
  const schema = `/usr/share/ovn/ovn-${db}.ovsschema`
  const c = ['--no-leader-only', `--db=${remote}`, ...finds(db)]
  // What the controller's bundle starts itself with: scripts/build.ts.
  const lean = '--max-semi-space-size=4'
  return [
    { name: 'ovnkit', command: [process.execPath, bundle, db, remote] },
    { name: `ovnkit ${lean}`, command: [process.execPath, lean, bundle, db, remote] },
    { name: 'ovnkit lazy', command: [process.execPath, bundle, db, remote, 'lazy'] },
    { name: 'ovnkit from sources', command: [process.execPath, file('replica-child.ts'), db, remote] },
    { name: `ovn-${db}ctl (C)`, command: [`ovn-${db}ctl`, ...c] },
    { name: 'python3 ovs.db.idl', command: ['/usr/bin/python3', file('clients/idl.py'), schema, remote] },
  ]
}

export async function benchSync(db: 'nb' | 'sb', rounds: number): Promise<Report> {
  const files = await recipe()
  await using server = await serve(files[db])
  const dir = await mkdtemp(`${tmpdir()}/ovsdb-bundle-`)
  const outfile = `${dir}/replica.mjs`
  await build({
    entryPoints: [file('replica-child.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  })
  const all = contestants(db, server.remote, outfile)
  const runs = new Map(all.map(({ name }) => [name, [] as ReturnType<typeof runProcess>[]]))
  // The first round warms up: the page cache, and the server's own serialised reply.
  for (let round = -1; round < rounds; round++) {
    for (const { name, command } of all) {
      const run = runProcess(command)
      if (round >= 0) runs.get(name)?.push(run)
    }
  }
  await rm(dir, { recursive: true })
  return {
    question: `How long until a replica of the whole ${db === 'nb' ? 'northbound' : 'southbound'} database is there?`,
    method: `${rounds} interleaved rounds after one to warm up, whole processes; the inner figures are the client's own. Median (least .. most).`,
    rows: all.map(({ name }) => ({ client: name, ...summary(runs.get(name) ?? []) })),
  }
}

function summary(runs: readonly ReturnType<typeof runProcess>[]) {
  const inner = runs.map(run => (run.output.startsWith('{') ? JSON.parse(run.output) : {}))
  const column = (name: string, digits = 0): string =>
    inner.every(of => typeof of[name] === 'number')
      ? spread(
          inner.map(of => of[name]),
          digits,
        )
      : '-'
  return {
    'wall ms': spread(runs.map(run => run.wallMs)),
    'CPU ms': spread(runs.map(run => run.cpuMs)),
    'peak MB': spread(runs.map(run => run.peakMb)),
    rows: inner[0]?.rows ?? '-',
    'sync CPU ms': column('cpuMs'),
    'MB over baseline': column('peakOverMb'),
    'loop blocked p99 ms': column('blockedP99', 1),
    'max ms': column('blockedMax', 1),
  }
}
