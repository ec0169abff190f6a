import { parseArgs } from 'node:util'
import { openLab } from '../lab.ts'
import { disturb, everyComponent, formatDamage } from '../reach/disturb.ts'
import { type Commands, defaultName, named, print, progress } from './command.ts'

const options = { ...named, rate: { type: 'string' }, only: { type: 'string' }, strict: { type: 'boolean' } } as const

/** Our own processes: no request may fail while they are away. */
const own = ['controller', 'agent']

export const disturbance: Commands = {
  disturb: {
    synopsis: 'disturb [--rate 100] [--only REGEX] [--strict]',
    about:
      'end and start one component after another under new connections on every path; how many failed for each; --strict: none may for our own',
    async run(args) {
      const { values } = parseArgs({ args: [...args], options })
      const lab = openLab(values.name ?? defaultName())
      const pattern = new RegExp(values.only ?? '')
      const wanted = everyComponent.filter(({ component }) => pattern.test(component))
      const all = await disturb(lab, wanted, Number(values.rate ?? 100), ({ machine, component, how, paths }) => {
        const failed = paths.filter(path => path.failed > 0).map(({ line }) => line)
        progress.note(`${component} on ${machine}, ${how}: ${failed.join('; ') || 'none failed'}`)
      })
      print(formatDamage(all))
      const ours = all.filter(({ component }) => own.includes(component))
      const failed = ours.flatMap(({ paths }) => paths).reduce((sum, path) => sum + path.failed, 0)
      print(`${failed} failed while our own processes were away\n`)
      return values.strict === true && failed > 0 ? 1 : 0
    },
  },
}
