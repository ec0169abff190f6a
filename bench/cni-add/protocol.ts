/** A program to be started. */
export interface Job {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly input: string
}

export interface JobResult {
  /** Milliseconds from before the start to the end of the process and of its output. */
  readonly ms: number
  readonly code: number | null
  readonly output: string
}
