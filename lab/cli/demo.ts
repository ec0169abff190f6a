import { parseArgs } from 'node:util'
import { demo } from '../demo/demo.ts'
import { type Commands, print, progress } from './command.ts'
import { optionsOf, upOptions } from './lifecycle.ts'

export const demonstration: Commands = {
  demo: {
    synopsis: 'demo [options of up]',
    about: 'a cluster with the product (from dist/), Subnets, pods, who reaches whom, names resolved; stays up',
    async run(args) {
      const { values } = parseArgs({ args: [...args], options: { ...upOptions, sources: { type: 'boolean' } } })
      const product = values.sources === true ? 'sources' : 'bundle'
      return (await demo({ ...optionsOf(values), product, progress }, print)) ? 0 : 1
    },
  },
}
