import { parseArgs } from 'node:util'
import { removeLab, removeOrphans } from '../down.ts'
import { environmentOf, exportLines } from '../environment.ts'
import { processOf } from '../machine/service.ts'
import { programNames } from '../product/product.ts'
import { configureLab, type LabOptions, startLab } from '../start.ts'
import { type LabRecord, labNames } from '../state/record.ts'
import { type Commands, defaultName, named, onLab, print, progress } from './command.ts'
import { showStatus } from './status.ts'

export const upOptions = {
  ...named,
  nodes: { type: 'string' },
  light: { type: 'boolean' },
  tunnel: { type: 'string' },
  families: { type: 'string' },
  datapath: { type: 'string' },
  gateway: { type: 'string' },
  central: { type: 'boolean' },
  tls: { type: 'boolean' },
  'kube-proxy': { type: 'boolean' },
  'newer-ovs': { type: 'boolean' },
  'newer-ovn': { type: 'boolean' },
  dpdk: { type: 'boolean' },
  controllers: { type: 'boolean' },
  bundle: { type: 'boolean' },
  bare: { type: 'boolean' },
  images: { type: 'boolean' },
  'cluster-dns': { type: 'string' },
  'pod-cidr': { type: 'string' },
  set: { type: 'string' },
} as const

type UpValues = ReturnType<typeof parseArgs<{ options: typeof upOptions }>>['values']

function oneOf<T extends string>(option: string, value: string | undefined, choices: readonly T[]): T | undefined {
  const choice = choices.find(one => one === value)
  if (value !== undefined && choice === undefined)
    throw new Error(`${option}: expected ${choices.join(', ')}; got ${value}`)
  return choice
}

/** Options of the command line as those of the library. */
export function optionsOf(values: UpValues): LabOptions {
  const tunnel = oneOf('--tunnel', values.tunnel, ['vxlan', 'geneve'])
  const datapath = oneOf('--datapath', values.datapath, ['netdev', 'system'])
  const families = oneOf('--families', values.families, ['ipv4', 'ipv6', 'dual'])
  const gateway = oneOf('--gateway', values.gateway, ['local', 'shared'])
  const nodes = Number(values.nodes ?? 3)
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 200) {
    throw new Error(`--nodes: expected 1 to 200, got ${values.nodes}`)
  }
  return {
    name: values.name ?? defaultName(),
    nodes,
    mode: values.light === true ? 'light' : 'full',
    product: productOf(values),
    controllers: values.controllers === true,
    central: values.central === true,
    tls: values.tls === true,
    kubeProxy: values['kube-proxy'] === true,
    openvswitch: switchOf(values),
    ovn: values['newer-ovn'] === true ? 'newer' : 'host',
    ...(tunnel === undefined ? {} : { tunnel }),
    ...(families === undefined ? {} : { families }),
    ...(datapath === undefined ? {} : { datapath }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(values['cluster-dns'] === undefined ? {} : { clusterDns: values['cluster-dns'] }),
    ...(values['pod-cidr'] === undefined ? {} : { podCidr: values['pod-cidr'] }),
    ...(values.set === undefined ? {} : { settings: values.set }),
  }
}

function switchOf({ dpdk, 'newer-ovs': newer }: UpValues): LabRecord['openvswitch'] {
  if (dpdk === true) return 'dpdk'
  return newer === true ? 'newer' : 'host'
}

function productOf({ bare, bundle, images }: UpValues): LabRecord['product'] {
  if (images === true) return 'images'
  if (bare === true) return 'none'
  return bundle === true ? 'bundle' : 'sources'
}

export const lifecycle: Commands = {
  up: {
    synopsis:
      'up [--nodes 3] [--light [--controllers]] [--families ipv4|ipv6|dual] [--gateway local|shared] [--tunnel vxlan|geneve] [--datapath netdev|system] [--tls] [--kube-proxy] [--newer-ovs | --dpdk] [--newer-ovn] [--bundle | --bare | --images [--central]] [--set YAML] [--cluster-dns IP] [--pod-cidr CIDR]',
    about:
      'make a lab and start it, or start what of it is down; --tls: OVN databases over TLS only; --bare: without the product; --images: with its images, not installed; --central: and an OVN of somebody else',
    async run(args) {
      const { values } = parseArgs({ args: [...args], options: upOptions })
      const lab = await startLab({ ...optionsOf(values), progress })
      print(await showStatus(lab))
      progress.note(`up; work with it: eval "$(node lab/main.ts env --name ${lab.name})"`)
      return 0
    },
  },
  down: {
    synopsis: 'down [--all] [--orphaned]',
    about: 'remove the lab with all its traces; --orphaned: only if the process that it was made for is gone',
    async run(args) {
      const { values } = parseArgs({
        args: [...args],
        options: { ...named, all: { type: 'boolean' }, orphaned: { type: 'boolean' } },
      })
      const names = values.all === true ? labNames() : [values.name ?? defaultName()]
      if (values.orphaned === true) {
        await removeOrphans(names)
        return 0
      }
      for (const name of names) await progress.step(`lab ${name} removed`, () => removeLab(name))
      return 0
    },
  },
  set: onLab(
    'set YAML',
    "change the product's configuration: these keys over the lab's own; '' for none",
    async (lab, words) => {
      const changed = await configureLab(lab, words[0] ?? '')
      for (const machine of changed.machines)
        for (const program of programNames)
          if (processOf(machine, program) !== undefined) await changed.restart(machine.name, program, 'SIGTERM')
    },
  ),
  list: {
    synopsis: 'list',
    about: 'names of the labs on this machine',
    async run() {
      for (const name of labNames()) print(`${name}\n`)
      return 0
    },
  },
  status: onLab('status', 'machines and services', async lab => print(await showStatus(lab))),
  env: onLab('env', 'exports for a shell: KUBECONFIG, PATH with kubectl and wrappers, addresses', async lab =>
    print(exportLines(await environmentOf(lab))),
  ),
}
