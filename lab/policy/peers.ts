import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Lab } from '../lab.ts'
import { inside, machineEnvironment, requireInit } from '../machine/machine.ts'

const program = new URL('peer.ts', import.meta.url).pathname

export interface Question {
  readonly id: number
  readonly protocol: 'TCP' | 'UDP'
  readonly address: string
  readonly port: number
}

export interface Answer {
  readonly id: number
  /** `answer`, or the error's code. */
  readonly outcome: string
  /** Who answered, and whom it saw. */
  readonly by: string
  readonly seen: string
  readonly ms: number
}

export interface PeerOptions {
  readonly name: string
  readonly machine: string
  /** Words that enter its network. */
  readonly enter: readonly string[]
  readonly tcp: readonly number[]
  readonly udp: readonly number[]
  /** Where a machine answers UDP. */
  readonly addresses?: readonly string[]
}

const answer = z.tuple([z.number(), z.string(), z.string(), z.string(), z.number()])
const line = z.union([z.literal('all asked'), z.array(answer)])

interface Listener {
  heard(answers: readonly Answer[]): void
  /** Every question is on its way. */
  allAsked(): void
}

/** Somebody who answers in a network, and asks. Ends with this process. */
export class Peer implements Disposable {
  readonly name: string
  readonly #child: ChildProcess
  #hear: Listener | undefined
  #said = ''

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
  }

  /** Resolves when it listens. */
  static start(lab: Lab, { name, machine, enter, tcp, udp, addresses = [] }: PeerOptions): Promise<Peer> {
    const words = [...inside(requireInit(lab.machine(machine))), ...enter]
    const args = [name, tcp.join(), udp.join(), ...addresses]
    const [command = '', ...rest] = [...words, process.execPath, program, ...args]
    const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: machineEnvironment })
    const peer = new Peer(name, child)
    child.stderr?.on('data', data => {
      peer.#said += String(data)
    })
    child.stdin?.on('error', () => undefined)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', code => reject(new Error(`the peer ${name} ended with ${code}: ${peer.#said.trim()}`)))
      if (child.stdout === null) return reject(new Error(`the peer ${name} has no output`))
      createInterface({ input: child.stdout }).on('line', said => {
        resolve(peer)
        peer.#read(said)
      })
    })
  }

  ask(questions: readonly Question[], hear: Listener): void {
    this.#hear = hear
    this.#write({ ask: questions.map(({ id, protocol, address, port }) => [id, protocol, address, port]) })
  }

  /** Forgets what was asked and not answered. */
  stop(): void {
    this.#hear = undefined
    this.#write({ stop: true })
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end()
  }

  #read(said: string): void {
    const answers = line.parse(JSON.parse(said))
    if (answers === 'all asked') this.#hear?.allAsked()
    else this.#hear?.heard(answers.map(([id, outcome, by, seen, ms]) => ({ id, outcome, by, seen, ms })))
  }

  #write(message: object): void {
    if (this.#child.exitCode !== null) throw new Error(`the peer ${this.name} ended: ${this.#said.trim()}`)
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`)
  }
}
