import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { tlsFilesIn, tlsFolder } from '../control/tls.ts'
import type { Machine } from '../machine/machine.ts'
import type { Service } from '../machine/service.ts'
import { installPlugins } from '../node/kubernetes.ts'
import { hasFreeNic } from '../node/ovs.ts'
import type { Plan } from '../state/plan.ts'
import { type LabRecord, writeAtomically } from '../state/record.ts'
import { run } from '../state/run.ts'
import { patience, waitFor } from '../state/wait.ts'

const repository = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')

/** The product's long-lived programs, where they run from, and who they are for the API server. */
const programs = {
  controller: {
    source: 'cni/controller/main.ts',
    bundle: 'dist/zstack-ovnkube-controller.mjs',
    account: 'zstack-ovnkube-controller',
    // A controller that was killed leaves its Lease; a lab doesn't wait for the 15 s that a cluster has for it.
    args: ['--leader-elect-lease-duration=4s', '--leader-elect-renew-deadline=3s', '--leader-elect-retry-period=1s'],
  },
  agent: {
    source: 'cni/node/main.ts',
    bundle: 'dist/zstack-ovnkube-node.mjs',
    account: 'zstack-ovnkube-node',
    args: [],
  },
} as const
type Program = keyof typeof programs

/** Whether the lab itself starts the product's programs, and OVN's. */
export const runsProduct = ({ product }: Pick<LabRecord, 'product'>) => product === 'sources' || product === 'bundle'

export const programNames: readonly Program[] = ['controller', 'agent']

/** The certificate that makes a program the service account of its manifests: its real permissions are tested. */
export const identityOf = (program: Program) => ({
  name: programs[program].account,
  commonName: `system:serviceaccount:${namespace}:${programs[program].account}`,
  organizations: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
})

const namespace = 'kube-system'
const plugin = `${repository}/dist/zstack-ovn-cni`

/** The conformance suite's servers on the hosts' network take TCP 8083 and SCTP 8082, where an agent listens by default. */
const besideSuite = {
  controller: [],
  agent: ['--metrics-bind-address=:18082', '--health-probe-bind-address=:18083'],
} as const

export interface ProgramOptions {
  readonly machine: Machine
  readonly record: LabRecord
  readonly plan: Plan
  /** Content of the kubeconfig of the program's service account. */
  readonly kubeconfig: string
}

/** A program of the product as a service of a machine: configuration and kubeconfig at their documented places inside. */
export function programService(program: Program, options: ProgramOptions): Service {
  const { machine, record } = options
  const { source, bundle, account, args } = programs[program]
  const entry = join(repository, record.product === 'bundle' ? bundle : source)
  return {
    name: program,
    prepare: async () => {
      if (!existsSync(entry))
        throw new Error(
          `${entry} is not there: ${record.product === 'bundle' ? 'make build' : 'is the work tree complete?'}`,
        )
      writeAtomically(`${machine.disk}/etc/kubernetes/${account}.kubeconfig`, options.kubeconfig, 0o600)
      writeAtomically(`${machine.disk}/etc/zstack-ovn/config.yaml`, stringify(configuration(options, account)))
    },
    argv: [process.execPath, entry, ...args, ...(record.images === 'conformance' ? besideSuite[program] : [])],
    env: { NODE_NAME: machine.name, ZSTACK_OVN_CONFIG_FILE: '/etc/zstack-ovn/config.yaml' },
  }
}

function configuration({ record, plan }: ProgramOptions, account: string): Record<string, unknown> {
  const own = {
    ovn: {
      nbdbAddress: plan.nb,
      sbdbAddress: plan.sb,
      ...(record.tls && { ssl: { enabled: true, ...tlsFilesIn(tlsFolder) } }),
    },
    kubernetes: { kubeconfig: `/etc/kubernetes/${account}.kubeconfig` },
    network: { clusterCIDR: record.podCidr, serviceCIDR: record.serviceCidr },
    tunnel: { type: record.tunnel },
    gateway: hasFreeNic(record) ? { mode: 'shared', interface: 'eth0' } : { mode: record.gateway },
    service: { kubeProxyReplacement: !record.kubeProxy },
    ovs: { datapathType: record.datapath },
    logging: { format: 'text' },
  }
  return merge(own, parse(record.settings) ?? {})
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merge(under: Record<string, unknown>, over: unknown): Record<string, unknown> {
  if (!isObject(over)) return under
  const merged = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isObject(below) && isObject(value) ? merge(below, value) : value
  }
  return merged
}

/** Puts the plugin onto a node. */
export function installPlugin(machine: Machine): void {
  if (!existsSync(plugin)) throw new Error(`${plugin} is not there: make build-cni`)
  installPlugins(machine, [plugin])
}

/** Objects of the manifests that programs outside of pods need as well. */
const kinds = new Set([
  'CustomResourceDefinition',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
])

/** Applies the product's definitions and permissions, taken from its own manifests. */
export async function applyManifests(kubectl: string, kubeconfig: string): Promise<void> {
  const objects = manifestFiles(join(repository, 'cni/deploy/yaml')).flatMap(file =>
    documents(readFileSync(file, 'utf8')),
  )
  const wanted = objects.filter(object => isObject(object) && kinds.has(String(object.kind)))
  if (wanted.length === 0) throw new Error('cni/deploy/yaml holds no definition or permission to apply')
  const text = wanted.map(object => stringify(object)).join('---\n')
  // The server checks what is applied; kubectl's own check would make it write its whole API description first. An emulated machine is slower than kubectl's patience.
  const apply = ['apply', '--server-side', '--force-conflicts', '--validate=false', '-f', '-']
  await waitFor(() => run([kubectl, '--kubeconfig', kubeconfig, ...apply], { stdin: text }), {
    what: "the product's definitions",
    within: 20_000,
    every: 500,
  })
  const established = ['wait', '--for=condition=Established', `--timeout=${30 * patience}s`, 'crd', '--all']
  await run([kubectl, '--kubeconfig', kubeconfig, ...established])
}

const documents = (text: string): unknown[] =>
  text
    .split(/^---\s*$/m)
    .map(part => parse(part))
    .filter(part => part !== null)

function manifestFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.yaml') && entry.name !== 'kustomization.yaml')
    .map(entry => join(folder, entry.name))
    .sort()
}
