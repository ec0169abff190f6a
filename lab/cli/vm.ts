import { parseArgs } from 'node:util'
import { compileCache } from '../tools/find.ts'
import { runInGuest } from '../vm/guest.ts'
import { type Commands, divided, progress } from './command.ts'

/** Everything there takes some twenty times as long: what waits has to wait longer. */
const patience = '20'

export const virtualMachine: Commands = {
  vm: {
    synopsis: 'vm [--minutes 20] -- COMMAND...',
    about:
      "run a command, in this folder, on Debian's cloud kernel in a virtual machine (openvswitch, geneve, sctp, vrf)",
    async run(args) {
      const { own, rest: command = [] } = divided(args)
      if (command.length === 0) throw new Error('expected -- and a command')
      const { values } = parseArgs({ args: own, options: { minutes: { type: 'string' } } })
      const minutes = Number(values.minutes ?? 20)
      if (!(minutes > 0)) throw new Error(`--minutes: expected a number above 0, got ${values.minutes}`)
      return runInGuest({
        command,
        cwd: process.cwd(),
        env: {
          PATH: process.env.PATH ?? '',
          OVNKIT_LAB_PATIENCE: patience,
          // To compile is what every program of ours does first, and there it takes a minute.
          NODE_COMPILE_CACHE: compileCache(),
        },
        within: minutes * 60_000,
        progress,
      })
    },
  },
}
