/** Where progress goes: one line per finished step, with the time it took. */
export interface Progress {
  /** Runs a step; prints its name and how long it took, or that it failed. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  /** A step of minutes: announced when it begins, and with a sign of life now and then. */
  long<T>(name: string, work: () => Promise<T>): Promise<T>
  note(text: string): void
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/** Milliseconds between two signs of life. */
const signOfLife = 20_000

/** Progress on a stream; each line starts with the time since the beginning, as steps run side by side. */
export function printedProgress(write: (line: string) => void): Progress {
  const began = performance.now()
  const note = (text: string) => write(`${seconds(began).padStart(7)}  ${text}\n`)
  const step: Progress['step'] = async (name, work) => {
    const start = performance.now()
    try {
      const result = await work()
      note(`${name.padEnd(44)} ${seconds(start)}`)
      return result
    } catch (error) {
      note(`${name.padEnd(44)} FAILED after ${seconds(start)}`)
      throw error
    }
  }
  const long: Progress['long'] = async (name, work) => {
    const start = performance.now()
    note(`${name} ...`)
    const timer = setInterval(() => note(`${name} ... ${seconds(start)} so far`), signOfLife)
    try {
      return await step(name, work)
    } finally {
      clearInterval(timer)
    }
  }
  return { note, step, long }
}

export const silentProgress: Progress = {
  note: () => undefined,
  step: (_name, work) => work(),
  long: (_name, work) => work(),
}
