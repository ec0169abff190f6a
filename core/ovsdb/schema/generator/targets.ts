import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { parseSchema } from '../parse.ts'
import { type ManualDocs, readManual } from './manual.ts'
import { mergeSource, type Source } from './source.ts'

/** A database that gets a typed file. Paths below `/` are those of Debian's packages. */
export interface Target {
  readonly schema: string
  readonly manualPage: string
  readonly manual: string
  /** Without extension: `.json` is the merged source, `.ts` the typed file. */
  readonly output: string
}

const root = fileURLToPath(new URL('../../../../', import.meta.url))

export const targets: readonly Target[] = [
  {
    schema: 'usr/share/ovn/ovn-nb.ovsschema',
    manualPage: 'usr/share/man/man5/ovn-nb.5.gz',
    manual: 'ovn-nb(5)',
    output: `${root}core/ovn/generated/nb`,
  },
  {
    schema: 'usr/share/ovn/ovn-sb.ovsschema',
    manualPage: 'usr/share/man/man5/ovn-sb.5.gz',
    manual: 'ovn-sb(5)',
    output: `${root}core/ovn/generated/sb`,
  },
  {
    schema: 'usr/share/openvswitch/vswitch.ovsschema',
    manualPage: 'usr/share/man/man5/ovs-vswitchd.conf.db.5.gz',
    manual: 'ovs-vswitchd.conf.db(5)',
    output: `${root}core/ovs/generated/vswitch`,
  },
]

function readDocs(path: string): ManualDocs {
  return existsSync(path) ? readManual(gunzipSync(readFileSync(path)).toString()) : {}
}

/** Merges the schema below `prefix` (`/`, or a folder that a package was unpacked to) into `source`; undefined if absent. */
export function collect(target: Target, prefix: string, source: Source | undefined): Source | undefined {
  const path = `${prefix}/${target.schema}`
  if (!existsSync(path)) return source
  const schema = parseSchema(JSON.parse(readFileSync(path, 'utf8')))
  return mergeSource(source, schema, readDocs(`${prefix}/${target.manualPage}`))
}

export function readSource(target: Target): Source | undefined {
  const path = `${target.output}.json`
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

export function formatSource(source: Source): string {
  return `${JSON.stringify(source, null, 1)}\n`
}
