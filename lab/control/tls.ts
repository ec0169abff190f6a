import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Machine, runIn } from '../machine/machine.ts'
import { labFolder } from '../state/record.ts'
import { run } from '../state/run.ts'
import { Pki } from './pki.ts'

/** TLS between everybody who speaks to the OVN databases (`lab up --tls`): authorities of the lab's own, and where the product's manifests have their Secret a folder as a kubelet makes it. */
export const tlsFolder = '/etc/ovn/ssl'

/** The files in such a folder, by what the product's configuration calls them. */
export const tlsFilesIn = (folder: string) => ({
  caCert: join(folder, 'ca.crt'),
  clientCert: join(folder, 'tls.crt'),
  clientKey: join(folder, 'tls.key'),
})

/** Where this machine's own tools find theirs. */
export const hostTlsFolder = (lab: string) => `${labFolder(lab)}/ovn-tls`

/** The same files as options of OVN's programs. */
export function tlsOptions(folder: string): string[] {
  const { caCert, clientCert, clientKey } = tlsFilesIn(folder)
  return [`--private-key=${clientKey}`, `--certificate=${clientCert}`, `--ca-cert=${caCert}`]
}

/** What cni/deploy/tls adds to the command of ovn-controller. */
export function manifestOptions(): string[] {
  const file = new URL('../../cni/deploy/tls/node.yaml', import.meta.url)
  const operations: { path: string; value: unknown }[] = parse(readFileSync(file, 'utf8'))
  const options = operations.filter(({ path }) => path.endsWith('/containers/1/command/-'))
  return options.map(({ value }) => String(value))
}

/** The name of the authority that a lab begins with. */
export const firstAuthority = 'first'

export interface Certification {
  /** The authority that issues; made when it is asked for the first time. */
  readonly authority: string
  /** Those that are trusted. */
  readonly trusted: readonly string[]
}

export const firstCertification: Certification = { authority: firstAuthority, trusted: [firstAuthority] }

/** Gives a machine (or `host`, for the tools of this one) a new certificate, and whom to trust; programs that run hear of it by the files alone. */
export async function certify(lab: string, machine: Machine | 'host', certification: Certification): Promise<void> {
  const files = await issue(lab, machine === 'host' ? 'host' : machine.name, certification)
  if (machine === 'host') await run(['sh', '-s'], { stdin: layOut(hostTlsFolder(lab), files) })
  else await runIn(machine, ['sh', '-s'], { stdin: layOut(tlsFolder, files) })
}

async function issue(lab: string, holder: string, { authority, trusted }: Certification) {
  const folder = (name: string) => `${labFolder(lab)}/ovn-pki/${name}`
  for (const name of new Set([authority, ...trusted])) await new Pki(folder(name)).init()
  const name = `${holder}-${process.hrtime.bigint()}`
  await new Pki(folder(authority)).issue({ name, commonName: holder })
  const read = (from: string, file: string) => readFileSync(`${folder(from)}/${file}`)
  return {
    'ca.crt': Buffer.concat(trusted.map(one => read(one, 'ca.crt'))),
    'tls.crt': read(authority, `${name}.crt`),
    'tls.key': read(authority, `${name}.key`),
  }
}

/** As a kubelet writes a Secret's files: a new folder beside the old one, and then one link turned to it (Kubernetes, pkg/volume/util/atomic_writer.go). */
function layOut(folder: string, files: Readonly<Record<string, Buffer>>): string {
  const fresh = `..${process.hrtime.bigint()}`
  const writes = Object.entries(files).flatMap(([name, content]) => [
    `echo ${content.toString('base64')} | base64 -d > ${fresh}/${name}`,
    `[ -L ${name} ] || ln -s ..data/${name} ${name}`,
  ])
  return [
    'set -e',
    `mkdir -p ${folder}`,
    `cd ${folder}`,
    'old=$(readlink ..data || :)',
    `mkdir ${fresh}`,
    ...writes,
    `ln -s ${fresh} ..data_tmp`,
    'mv -T ..data_tmp ..data',
    '[ -z "$old" ] || rm -r "$old"',
    '',
  ].join('\n')
}
