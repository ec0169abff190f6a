import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { wipeDatabase } from '../control/ovn.ts'
import { removeLab } from '../down.ts'
import { environmentOf, exportLines } from '../environment.ts'
import { type Lab, openLab } from '../lab.ts'
import { inside, machineEnvironment, requireInit } from '../machine/machine.ts'
import { logFile } from '../machine/service.ts'
import { type LabOptions, rebootNode, startLab } from '../start.ts'
import { printedProgress } from '../state/progress.ts'
import { labNames } from '../state/record.ts'
import { showStatus } from './status.ts'

export interface Command {
  readonly synopsis: string
  readonly about: string
  /** Returns the exit code; nothing means 0. */
  run(args: readonly string[]): Promise<number | undefined>
}

const progress = printedProgress(line => process.stderr.write(line))
const named = { name: { type: 'string' } } as const
const defaultName = () => process.env.LAB ?? 'lab'

const upOptions = {
  ...named,
  nodes: { type: 'string' },
  light: { type: 'boolean' },
  tunnel: { type: 'string' },
  controllers: { type: 'boolean' },
  bundle: { type: 'boolean' },
  bare: { type: 'boolean' },
  'cluster-dns': { type: 'string' },
  'pod-cidr': { type: 'string' },
  set: { type: 'string' },
} as const

/** A command on one lab whose further arguments are words: `lab kill n1 agent`. */
function onLab(
  synopsis: string,
  about: string,
  work: (lab: Lab, words: readonly string[]) => Promise<number | undefined | undefined>,
): Command {
  return {
    synopsis,
    about,
    async run(args) {
      const { values, positionals } = parseArgs({ args: [...args], options: named, allowPositionals: true })
      return (await work(openLab(values.name ?? defaultName()), positionals)) ?? 0
    },
  }
}

/** The words a command needs, or an error with its synopsis. */
function need(words: readonly string[], ...names: readonly string[]): [string, string] {
  if (words.length < names.length) throw new Error(`expected ${names.slice(words.length).join(' and ')}`)
  return [words[0] ?? '', words[1] ?? '']
}

export const commands: Readonly<Record<string, Command>> = {
  up: {
    synopsis:
      'up [--nodes 3] [--light [--controllers]] [--tunnel vxlan|geneve] [--bundle | --bare] [--set YAML] [--cluster-dns IP] [--pod-cidr CIDR]',
    about: 'make a lab and start it, or start what of it is down; --bare: without the product',
    async run(args) {
      const { values } = parseArgs({ args: [...args], options: upOptions })
      const lab = await startLab({ ...optionsOf(values), progress })
      process.stdout.write(await showStatus(lab))
      progress.note(`up; work with it: eval "$(node lab/main.ts env --name ${lab.name})"`)
      return 0
    },
  },
  down: {
    synopsis: 'down [--all]',
    about: 'remove the lab with all its traces',
    async run(args) {
      const { values } = parseArgs({ args: [...args], options: { ...named, all: { type: 'boolean' } } })
      const names = values.all === true ? labNames() : [values.name ?? defaultName()]
      for (const name of names) {
        await progress.step(`lab ${name} removed`, () => removeLab(name))
      }
      return 0
    },
  },
  list: {
    synopsis: 'list',
    about: 'names of the labs on this machine',
    async run() {
      for (const name of labNames()) process.stdout.write(`${name}\n`)
      return 0
    },
  },
  status: onLab('status', 'machines and services', async lab => {
    process.stdout.write(await showStatus(lab))
  }),
  env: onLab('env', 'exports for a shell: KUBECONFIG, PATH with kubectl and wrappers, addresses', async lab => {
    process.stdout.write(exportLines(await environmentOf(lab)))
  }),
  exec: onLab('exec MACHINE -- COMMAND...', 'run a command on a machine (n1, n2, ..., control)', async (lab, words) => {
    const [machine] = need(words, 'MACHINE', 'COMMAND')
    const [program = '', ...rest] = [...inside(requireInit(lab.machine(machine))), ...words.slice(1)]
    return spawnSync(program, rest, { stdio: 'inherit', env: { ...process.env, ...machineEnvironment } }).status ?? 128
  }),
  kill: onLab(
    'kill MACHINE SERVICE [SIGNAL]',
    'end a service (SIGKILL); it stays down until started',
    async (lab, words) => {
      const [machine, service] = need(words, 'MACHINE', 'SERVICE')
      if (!(await lab.kill(machine, service, signalOf(words[2]))))
        process.stderr.write(`${service} on ${machine} was not running\n`)
    },
  ),
  start: onLab('start MACHINE SERVICE', 'start a service that is down', async (lab, words) => {
    const [machine, service] = need(words, 'MACHINE', 'SERVICE')
    await lab.start(machine, service)
  }),
  restart: onLab('restart MACHINE SERVICE [SIGNAL]', 'end a service and start it again', async (lab, words) => {
    const [machine, service] = need(words, 'MACHINE', 'SERVICE')
    await lab.restart(machine, service, signalOf(words[2]))
  }),
  reboot: onLab('reboot NODE', "pull a node's plug and start it again; its disk is kept", async (lab, words) => {
    const [node] = need(words, 'NODE')
    await rebootNode(lab, node, progress)
  }),
  cut: onLab('cut NODE [NODE]', 'take a node off the network, or cut just the way between two', async (lab, words) => {
    const [node] = need(words, 'NODE')
    await lab.cut(node, words[1])
  }),
  heal: onLab('heal', 'mend every cut', async lab => {
    await lab.heal()
  }),
  wipe: onLab(
    'wipe nb|sb',
    'lose an OVN database: stop its server, remove the file, start it empty',
    async (lab, words) => {
      const [which] = need(words, 'DATABASE')
      if (which !== 'nb' && which !== 'sb') throw new Error(`expected nb or sb, got ${which}`)
      await lab.kill('control', which)
      await wipeDatabase(lab.control, which)
      await lab.start('control', which)
    },
  ),
  logs: onLab('logs MACHINE SERVICE [-f]', "a service's log", async (lab, words) => {
    const [machine, service] = need(words, 'MACHINE', 'SERVICE')
    await lab.service(machine, service)
    return (
      spawnSync('tail', ['-n', '200', ...words.slice(2), logFile(lab.machine(machine), service)], { stdio: 'inherit' })
        .status ?? 1
    )
  }),
}

function signalOf(word: string | undefined): NodeJS.Signals | undefined {
  if (word === undefined) return undefined
  const name = `SIG${word.replace(/^SIG/, '').toUpperCase()}`
  if (name === 'SIGTERM' || name === 'SIGKILL' || name === 'SIGHUP' || name === 'SIGSTOP' || name === 'SIGCONT')
    return name
  throw new Error(`expected TERM, KILL, HUP, STOP or CONT, got ${word}`)
}

type UpValues = ReturnType<typeof parseArgs<{ options: typeof upOptions }>>['values']

/** Options of the command line as those of the library. */
export function optionsOf(values: UpValues): LabOptions {
  const { tunnel } = values
  if (tunnel !== undefined && tunnel !== 'vxlan' && tunnel !== 'geneve')
    throw new Error(`--tunnel: expected vxlan or geneve, got ${tunnel}`)
  const nodes = Number(values.nodes ?? 3)
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 200)
    throw new Error(`--nodes: expected 1 to 200, got ${values.nodes}`)
  return {
    name: values.name ?? defaultName(),
    nodes,
    mode: values.light === true ? 'light' : 'full',
    product: values.bare === true ? 'none' : values.bundle === true ? 'bundle' : 'sources',
    controllers: values.controllers === true,
    ...(tunnel === undefined ? {} : { tunnel }),
    ...(values['cluster-dns'] === undefined ? {} : { clusterDns: values['cluster-dns'] }),
    ...(values['pod-cidr'] === undefined ? {} : { podCidr: values['pod-cidr'] }),
    ...(values.set === undefined ? {} : { settings: values.set }),
  }
}

export function usage(): string {
  const lines = Object.values(commands).map(({ synopsis, about }) => `  ${synopsis}\n      ${about}`)
  return `A real Kubernetes cluster on one machine. Every command takes --name NAME (default: $LAB or lab).\n\n${lines.join('\n')}\n`
}
