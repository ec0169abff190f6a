import { rm } from 'node:fs/promises'
import { type Machine, runIn, tryIn } from '../machine/machine.ts'
import type { Service } from '../machine/service.ts'
import type { Ovn } from '../tools/ovn.ts'
import { tlsFolder, tlsOptions } from './tls.ts'

const quiet = ['-vconsole:info', '-vsyslog:off', '-vfile:off']

const databases = {
  nb: {
    schema: 'ovn-nb.ovsschema',
    file: '/var/lib/ovn/ovnnb_db.db',
    socket: 'ovnnb_db',
    port: 6641,
    ctl: 'ovn-nbctl',
  },
  sb: {
    schema: 'ovn-sb.ovsschema',
    file: '/var/lib/ovn/ovnsb_db.db',
    socket: 'ovnsb_db',
    port: 6642,
    ctl: 'ovn-sbctl',
  },
} as const
export type CentralDatabase = keyof typeof databases

export interface DatabaseOptions {
  readonly listen: string
  readonly ovn: Ovn
  readonly tls: boolean
}

/** An OVN database as a deployment on one node has it: a file, a unix socket for northd, TCP or TLS on `listen` for everybody else. */
export function databaseService(
  control: Machine,
  which: CentralDatabase,
  { listen, ovn, tls }: DatabaseOptions,
): Service {
  const { schema, file, socket, port, ctl } = databases[which]
  return {
    name: which,
    prepare: async () => {
      const exists = await tryIn(control, ['test', '-e', file])
      if (exists.code !== 0) await runIn(control, ['ovsdb-tool', 'create', file, `${ovn.schemas}/${schema}`])
    },
    argv: [
      'ovsdb-server',
      ...quiet,
      '--no-chdir',
      `--remote=punix:/run/ovn/${socket}.sock`,
      `--remote=${tls ? 'pssl' : 'ptcp'}:${port}:${listen}`,
      ...(tls ? tlsOptions(tlsFolder) : []),
      `--unixctl=/run/ovn/${socket}.ctl`,
      `--pidfile=/run/ovn/${socket}.pid`,
      file,
    ],
    // `init` makes the one row of the database's global table, and answers once the server does.
    ready: async () =>
      (
        await tryIn(control, [
          ...ovn.words[ctl],
          '--no-leader-only',
          `--db=unix:/run/ovn/${socket}.sock`,
          '--timeout=5',
          'init',
        ])
      ).code === 0,
  }
}

/** Forgets everything in a database; its server must be stopped. */
export const wipeDatabase = (control: Machine, which: CentralDatabase) =>
  rm(`${control.disk}${databases[which].file}`, { force: true })

export const northdService = (ovn: Ovn): Service => ({
  name: 'northd',
  argv: [
    ...ovn.words['ovn-northd'],
    ...quiet,
    '--ovnnb-db=unix:/run/ovn/ovnnb_db.sock',
    '--ovnsb-db=unix:/run/ovn/ovnsb_db.sock',
    '--pidfile=/run/ovn/ovn-northd.pid',
  ],
})
