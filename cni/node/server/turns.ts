interface Turn {
  readonly stop: AbortController
  readonly done: Promise<unknown>
}

/** Work on the same key one after the other; different keys side by side. */
export class Turns {
  readonly #last = new Map<string, Turn>()

  /** Keys with work under way. */
  keys(): Iterable<string> {
    return this.#last.keys()
  }

  /** Runs `work` after what was begun for the key before. Its signal aborts with `signal`, or when it is taken over. */
  run<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    const before = this.#last.get(key)?.done
    const done = after(before, () => work(AbortSignal.any([signal, stop.signal])))
    const turn = { stop, done }
    this.#last.set(key, turn)
    const forget = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    done.then(forget, forget)
    return done
  }

  /** As `run`, but gives up what is under way for the key instead of waiting for its success. */
  takeOver<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#last.get(key)?.stop.abort()
    return this.run(key, signal, work)
  }
}

async function after<T>(before: Promise<unknown> | undefined, work: () => Promise<T>): Promise<T> {
  await before?.catch(() => undefined)
  return work()
}
