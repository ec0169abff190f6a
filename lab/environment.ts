import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { hostTlsFolder, tlsOptions } from './control/tls.ts'
import type { Lab } from './lab.ts'
import { machineEnvironment } from './machine/machine.ts'
import { silentProgress } from './state/progress.ts'
import { writeAtomically } from './state/record.ts'
import { ensureTools } from './tools/ensure.ts'
import { compileCache } from './tools/find.ts'
import { ensureOvn } from './tools/ovn.ts'

/** What lets a person or a program on the host work with a running lab. */
export async function environmentOf(lab: Lab): Promise<Record<string, string>> {
  const bin = await writeWrappers(lab)
  return {
    LAB: lab.name,
    LAB_NODES: lab.nodes.join(' '),
    LAB_FAMILIES: lab.record.families,
    LAB_NODE_ADDRESSES: lab.nodes.map(node => lab.plan.nodeAddress(node)).join(' '),
    LAB_CLIENT_ADDRESSES: lab.plan.networks.map(({ client }) => client).join(' '),
    LAB_DNS_SERVICE: lab.plan.dnsService,
    LAB_API_ADDRESS: lab.plan.controlAddress,
    KUBECONFIG: lab.kubeconfig,
    LAB_TLS: lab.record.tls ? hostTlsFolder(lab.name) : '',
    OVN_NB_DB: lab.nb,
    OVN_SB_DB: lab.sb,
    PATH: `${bin}:${process.env.PATH ?? ''}`,
  }
}

/** Lines for `eval`. */
export const exportLines = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('')

/** Enters a machine without Node's start-up time: a test asks a switch many times. */
const enterScript = (initFile: string) => `set -e
field() { sed -n "s/.*\\"$1\\":\\"*\\([0-9]*\\).*/\\1/p" ${initFile}; }
pid=$(field pid)
# A pid alone may be somebody else's by now.
[ "$(cut -d' ' -f22 "/proc/$pid/stat" 2>/dev/null)" = "$(field startTime)" ] || { echo "$(basename "$0") is off" >&2; exit 1; }
${Object.entries(machineEnvironment)
  .map(([name, value]) => `export ${name}='${value}'\n`)
  .join('')}exec nsenter -t "$pid" -n -m -p -u -i -- "$@"`

/**
 * A folder of commands for PATH: kubectl, agnhost, `lab` for this lab, and for every machine a command of its name that runs its
 * arguments there (`n1 ovs-vsctl show`). The ovs-* tools run on the node that $NODE names (default: the first).
 */
export async function writeWrappers(lab: Lab): Promise<string> {
  const bin = `${lab.folder}/bin`
  mkdirSync(bin, { recursive: true })
  const tools = await ensureTools(silentProgress, ['kubernetes'])
  for (const program of ['kubectl', 'agnhost']) {
    rmSync(`${bin}/${program}`, { force: true })
    symlinkSync(tools.path(program), `${bin}/${program}`)
  }
  const main = new URL('main.ts', import.meta.url).pathname
  const script = (name: string, lines: string) => {
    writeAtomically(`${bin}/${name}`, `#!/bin/sh\n${lines}\n`)
    chmodSync(`${bin}/${name}`, 0o755)
  }
  // Scenarios call it at every other step: without Node's cache each call compiles a hundred files again, a second of CPU.
  script('lab', `LAB=${lab.name} NODE_COMPILE_CACHE=${compileCache()} exec ${process.execPath} ${main} "$@"`)
  for (const machine of lab.machines) script(machine.name, enterScript(`${machine.folder}/init.json`))
  const first = lab.nodes[0] ?? 'control'
  for (const tool of ['ovs-vsctl', 'ovs-ofctl', 'ovs-appctl', 'ovs-dpctl'])
    script(tool, `exec ${bin}/\${NODE:-${first}} ${tool} "$@"`)
  const { words } = await ensureOvn(lab.record.ovn, silentProgress)
  for (const [tool, remote] of [
    ['ovn-nbctl', lab.nb],
    ['ovn-sbctl', lab.sb],
    ['ovn-trace', lab.sb],
  ] as const) {
    const tls = lab.record.tls ? tlsOptions(hostTlsFolder(lab.name)) : []
    script(tool, `exec ${[...words[tool], ...tls].join(' ')} --no-leader-only --db=${remote} "$@"`)
  }
  return bin
}
