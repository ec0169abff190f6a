/**
 * A share of the event loop. Work on many owners looks at it between two of them and goes on in a later turn when it is
 * over, so that sockets and timers are served meanwhile.
 */
export class Slice {
  readonly #end: number

  constructor(milliseconds: number) {
    this.#end = performance.now() + milliseconds
  }

  get over(): boolean {
    return performance.now() >= this.#end
  }
}
