/** Where progress goes: one line per finished step, with the time it took. */
export interface Progress {
  /** Runs a step; prints its name and how long it took, or that it failed. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  note(text: string): void
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/** Progress on a stream; each line starts with the time since the beginning, as steps run side by side. */
export function printedProgress(write: (line: string) => void): Progress {
  const began = performance.now()
  const line = (text: string) => write(`${seconds(began).padStart(7)}  ${text}\n`)
  return {
    note: line,
    async step(name, work) {
      const start = performance.now()
      try {
        const result = await work()
        line(`${name.padEnd(44)} ${seconds(start)}`)
        return result
      } catch (error) {
        line(`${name.padEnd(44)} FAILED after ${seconds(start)}`)
        throw error
      }
    },
  }
}

export const silentProgress: Progress = { note: () => undefined, step: (_name, work) => work() }
