import { spawnSync } from 'node:child_process'
import { wipeDatabase } from '../control/ovn.ts'
import { inside, machineEnvironment, requireInit } from '../machine/machine.ts'
import { logFile } from '../machine/service.ts'
import { rebootNode } from '../start.ts'
import { type Commands, need, onLab, progress } from './command.ts'

/** Commands inside machines, and what goes wrong in real life. */
export const trouble: Commands = {
  exec: onLab(
    'exec MACHINE -- COMMAND...',
    'run a command on a machine (n1, n2, ..., control, client)',
    async (lab, words) => {
      const [machine] = need(words, 'MACHINE', 'COMMAND')
      const [program = '', ...rest] = [...inside(requireInit(lab.machine(machine))), ...words.slice(1)]
      const env = { ...process.env, ...machineEnvironment }
      return spawnSync(program, rest, { stdio: 'inherit', env }).status ?? 128
    },
  ),
  logs: onLab('logs MACHINE SERVICE [LINES]', "the end of a service's log", async (lab, words) => {
    const [machine, service] = need(words, 'MACHINE', 'SERVICE')
    await lab.service(machine, service)
    const file = logFile(lab.machine(machine), service)
    return spawnSync('tail', ['-n', words[2] ?? '200', file], { stdio: 'inherit' }).status ?? 1
  }),
  kill: onLab(
    'kill MACHINE SERVICE [SIGNAL]',
    'end a service (SIGKILL); it stays down until started',
    async (lab, words) => {
      const [machine, service] = need(words, 'MACHINE', 'SERVICE')
      const ran = await lab.kill(machine, service, signalOf(words[2]))
      if (!ran) process.stderr.write(`${service} on ${machine} was not running\n`)
    },
  ),
  start: onLab('start MACHINE SERVICE', 'start a service that is down', async (lab, words) => {
    await lab.start(...need(words, 'MACHINE', 'SERVICE'))
  }),
  restart: onLab('restart MACHINE SERVICE [SIGNAL]', 'end a service and start it again', async (lab, words) => {
    await lab.restart(...need(words, 'MACHINE', 'SERVICE'), signalOf(words[2]))
  }),
  reboot: onLab('reboot NODE', "pull a node's plug and start it again; its disk is kept", async (lab, words) => {
    const [node] = need(words, 'NODE')
    await rebootNode(lab, node, progress)
  }),
  cut: onLab('cut NODE [NODE]', 'take a node off the network, or cut just the way between two', async (lab, words) => {
    const [node] = need(words, 'NODE')
    await lab.cut(node, words[1])
  }),
  heal: onLab('heal', 'mend every cut', lab => lab.heal()),
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
}

const signals = ['TERM', 'KILL', 'HUP', 'STOP', 'CONT'] as const

function signalOf(word: string | undefined): NodeJS.Signals | undefined {
  if (word === undefined) return undefined
  const name = signals.find(signal => signal === word.toUpperCase().replace(/^SIG/, ''))
  if (name === undefined) throw new Error(`expected ${signals.join(', ')}, got ${word}`)
  return `SIG${name}`
}
