import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { openLab } from '../lab.ts'
import { inside, machineEnvironment, requireInit } from '../machine/machine.ts'
import { formatMatrix, reachability, summary } from '../reach/matrix.ts'
import { inNetworkOf, speaker, speakersOf } from '../reach/pods.ts'
import { startProbe, stopProbe } from '../reach/probes.ts'
import { type Commands, defaultName, named, need, onLab, print } from './command.ts'

const matrixOptions = {
  ...named,
  namespace: { type: 'string', short: 'n' },
  selector: { type: 'string', short: 'l' },
  quiet: { type: 'boolean', short: 'q' },
} as const

/** Who reaches whom. */
export const reach: Commands = {
  matrix: {
    synopsis: 'matrix [-n NAMESPACE] [-l SELECTOR] [-q]',
    about:
      'HTTP on port 8080 from every selected pod to every other one (pods of the host network stand for their nodes)',
    async run(args) {
      const { values } = parseArgs({ args: [...args], options: matrixOptions })
      const lab = openLab(values.name ?? defaultName())
      const speakers = await speakersOf(lab, {
        ...(values.namespace === undefined ? {} : { namespace: values.namespace }),
        ...(values.selector === undefined ? {} : { labelSelector: values.selector }),
      })
      if (speakers.length === 0) throw new Error('no running pod with an address is selected')
      const cells = await reachability(lab, speakers)
      const complete = cells.every(({ time }) => time !== undefined)
      print(values.quiet === true && complete ? `${summary(cells).replace(/,.*/, '')}\n` : formatMatrix(cells))
      return complete ? 0 : 1
    },
  },
  pod: onLab(
    'pod [NAMESPACE/]POD -- COMMAND...',
    "run a command of the node in a pod's network",
    async (lab, words) => {
      const [name] = need(words, 'POD', 'COMMAND')
      const pod = await speaker(lab, name)
      const machine = inside(requireInit(lab.machine(pod.node)))
      const [program = '', ...rest] = [...machine, ...(await inNetworkOf(lab, pod)), ...words.slice(1)]
      return (
        spawnSync(program, rest, { stdio: 'inherit', env: { ...process.env, ...machineEnvironment } }).status ?? 128
      )
    },
  ),
  probe: onLab(
    'probe start NAME POD URL | probe stop NAME',
    'ask a URL all the time, over an open connection and over new ones; stop prints what failed',
    async (lab, words) => {
      const [verb, name] = need(words, 'start or stop', 'NAME')
      if (verb === 'stop') return print(await stopProbe(lab, name))
      if (verb !== 'start') throw new Error(`expected start or stop, got ${verb}`)
      const [pod, url] = need(words.slice(2), 'POD', 'URL')
      await startProbe(lab, name, await speaker(lab, pod), url)
    },
  ),
}
