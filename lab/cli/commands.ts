import { type Command, type Commands, divided } from './command.ts'
import { conformance } from './conformance.ts'
import { demonstration } from './demo.ts'
import { disturbance } from './disturb.ts'
import { lifecycle } from './lifecycle.ts'
import { neighbours } from './neighbours.ts'
import { paths } from './paths.ts'
import { policies } from './policy.ts'
import { reach } from './reach.ts'
import { scenarios } from './scenarios.ts'
import { trouble } from './trouble.ts'
import { virtualMachine } from './vm.ts'

export const commands: Commands = {
  ...demonstration,
  ...lifecycle,
  ...trouble,
  ...reach,
  ...paths,
  ...policies,
  ...disturbance,
  ...neighbours,
  ...scenarios,
  ...conformance,
  ...virtualMachine,
}

export const asksForHelp = (args: readonly string[]): boolean =>
  divided(args).own.some(word => word === '--help' || word === '-h')

export const usageOf = ({ synopsis, about }: Command): string => `  ${synopsis}\n      ${about}`

export function usage(): string {
  const lines = Object.values(commands).map(usageOf)
  return `A real Kubernetes cluster on one machine. Every command takes --name NAME (default: $LAB or lab).\n\n${lines.join('\n')}\n`
}
