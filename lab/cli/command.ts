import { parseArgs } from 'node:util'
import { type Lab, openLab } from '../lab.ts'
import { printedProgress } from '../state/progress.ts'

export interface Command {
  readonly synopsis: string
  readonly about: string
  /** Returns the exit code. */
  run(args: readonly string[]): Promise<number>
}

export type Commands = Readonly<Record<string, Command>>

export const progress = printedProgress(line => process.stderr.write(line))
export const print = (text: string) => void process.stdout.write(text)

/** The option that every command has. */
export const named = { name: { type: 'string' } } as const
export const defaultName = () => process.env.LAB ?? 'lab'

/** Words of a command line before and after `--`: what follows it belongs to somebody else. */
export function divided(args: readonly string[]): { readonly own: string[]; readonly rest: string[] | undefined } {
  const end = args.indexOf('--')
  return end < 0 ? { own: [...args], rest: undefined } : { own: args.slice(0, end), rest: args.slice(end + 1) }
}

/** A command on one lab whose further arguments are words: `lab kill n1 agent`. An answer is its exit code. */
export function onLab(
  synopsis: string,
  about: string,
  work: (lab: Lab, words: readonly string[]) => Promise<unknown>,
): Command {
  return {
    synopsis,
    about,
    async run(args) {
      const { own, rest = [] } = divided(args)
      const { values, positionals } = parseArgs({ args: own, options: named, allowPositionals: true })
      const answer = await work(openLab(values.name ?? defaultName()), [...positionals, ...rest])
      return typeof answer === 'number' ? answer : 0
    },
  }
}

/** The first two words a command needs, or an error that names the missing one. */
export function need(words: readonly string[], ...names: readonly string[]): [string, string] {
  if (words.length < names.length) throw new Error(`expected ${names.slice(words.length).join(' and ')}`)
  return [words[0] ?? '', words[1] ?? '']
}
