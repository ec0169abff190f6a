import type { Clock } from './clock.ts'

/**
 * A share of the event loop. Work on many owners looks at it between two of them and goes on in a later turn when it is
 * over, so that sockets and timers are served meanwhile.
 */
export class Slice {
  readonly #clock: Clock
  readonly #end: number

  constructor(clock: Clock, milliseconds: number) {
    this.#clock = clock
    this.#end = clock.elapsed() + milliseconds
  }

  get over(): boolean {
    return this.#clock.elapsed() >= this.#end
  }
}
